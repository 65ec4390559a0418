"""What a person chooses for a connection: which events are copied, what blocks, how bookings are exported."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ImportMode(StrEnum):
    """What is copied of an event that is not private."""

    FULL = "full"
    TIMES = "times"


class PrivateMode(StrEnum):
    """What is copied of a private event."""

    FULL = "full"
    TIMES = "times"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class BusyRules:
    """Which kinds of events block slots; the defaults rather block too much than sell a taken time."""

    tentative: bool = True
    needs_action: bool = True
    out_of_office: bool = True
    focus_time: bool = True
    working_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """What is copied of external events, and which of them block slots."""

    on: bool = True
    mode: ImportMode = ImportMode.TIMES
    private: PrivateMode = PrivateMode.TIMES
    busy: BusyRules = field(default_factory=BusyRules)


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """How bookings appear in the account's calendar.

    ``target`` is the key of the calendar, None the account's default calendar; ``dedicated`` asks for a
    calendar that Slotbridge makes for its bookings alone. ``reminder`` is a number of minutes; None means the
    calendar's own default.
    """

    on: bool = True
    target: str | None = None
    dedicated: bool = False
    attendee: bool = False
    notify: bool = False
    auto_accept: bool = False
    reminder: int | None = None
    title: str = "{service}: {customer}"
    description: str = "{customer}\n{email}\n{phone}\n{note}"

    def __post_init__(self) -> None:
        if (self.notify or self.auto_accept) and not self.attendee:
            message = "notifying and accepting for the customer need the customer as attendee"
            raise ValueError(message)
        if self.dedicated and self.target is not None:
            message = "a dedicated calendar and a chosen target exclude each other"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the person chooses; ``version`` grows with each change."""

    imports: ImportSettings = field(default_factory=ImportSettings)
    exports: ExportSettings = field(default_factory=ExportSettings)
    show_events: bool = False
    version: int = 1
