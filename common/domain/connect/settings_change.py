"""Decides whether new settings of a connection are allowed, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from common.domain.calendar.connection import CalendarEntry, CalendarUse, Connection
from common.domain.connect.settings import ExportSettings, ImportMode, ImportSettings, PrivateMode, Settings
from common.domain.export.templates import check_template
from common.domain.sync.followed_calendars import followed_calendars, imported_calendars
from common.errors import InvalidRequest

LONGEST_REMINDER = 40_320
Patch = Mapping[str, Any]
_NULLABLE = frozenset({"target", "reminder"})


@dataclass(frozen=True, slots=True)
class Consequences:
    """What must happen once new settings are stored.

    ``settle`` are the calendars whose stored events must be brought in line at once. ``rewrite`` says that
    bookings must be written (again) to the calendar.
    """

    settle: tuple[str, ...] = ()
    rewrite: bool = False


def patched(before: Settings, patch: Patch) -> Settings:
    """The settings with a patch laid over them; parts and fields that it does not name stay.

    Raises:
        InvalidRequest: It names something that does not exist, or the choices contradict each other.
    """
    if unknown := set(patch) - {"imports", "exports", "show_events"}:
        raise InvalidRequest(f"there are no such settings: {sorted(unknown)}", code="invalid_settings")
    imports, exports = dict(patch.get("imports") or {}), dict(patch.get("exports") or {})
    rules = dict(imports.pop("busy", None) or {})
    named = {"show_events": patch.get("show_events", False), **imports, **rules, **exports}
    if empty := sorted(name for name, value in named.items() if value is None and name not in _NULLABLE):
        raise InvalidRequest(f"these settings cannot be empty: {empty}", code="invalid_settings")
    try:
        busy = replace(before.imports.busy, **rules)
        settings = replace(
            before,
            imports=_typed(replace(before.imports, busy=busy, **imports)),
            exports=replace(before.exports, **exports),
            show_events=patch.get("show_events", before.show_events),
        )
    except (TypeError, ValueError) as wrong:
        raise InvalidRequest(str(wrong), code="invalid_settings") from wrong
    return settings if settings == before else replace(settings, version=before.version + 1)


def _typed(imports: ImportSettings) -> ImportSettings:
    return replace(imports, mode=ImportMode(imports.mode), private=PrivateMode(imports.private))


def with_uses(
    calendars: Mapping[str, CalendarEntry], uses: Mapping[str, CalendarUse], *, dedicated: str | None
) -> dict[str, CalendarEntry]:
    """The calendars with some of them used for something else.

    Raises:
        InvalidRequest: There is no such calendar, or it is the one that Slotbridge made for its exports.
    """
    for key in uses:
        if key not in calendars:
            raise InvalidRequest("there is no such calendar", code="unknown_calendar")
        if key == dedicated:
            raise InvalidRequest("this calendar holds only exported bookings", code="dedicated_calendar")
    return {key: replace(entry, use=uses.get(key, entry.use)) for key, entry in calendars.items()}


def check_exports(exports: ExportSettings, calendars: Mapping[str, CalendarEntry]) -> None:
    """Refuse export settings that cannot work.

    Raises:
        InvalidRequest: The target is not writable, a template holds an unknown word, a reminder is too long.
    """
    if exports.target is not None:
        entry = calendars.get(exports.target)
        if entry is None:
            raise InvalidRequest("there is no such calendar", code="unknown_calendar")
        if not entry.writable:
            raise InvalidRequest("this calendar cannot be written to", code="calendar_not_writable")
    if exports.reminder is not None and not 0 <= exports.reminder <= LONGEST_REMINDER:
        raise InvalidRequest(f"a reminder is 0 to {LONGEST_REMINDER} minutes", code="invalid_reminder")
    check_template(exports.title)
    check_template(exports.description)


def consequences(before: Connection, after: Connection) -> Consequences:
    """What follows from new settings; ``before`` and ``after`` are the same connection."""
    followed = {*followed_calendars(before), *followed_calendars(after)}
    new = set(followed_calendars(after)) - set(followed_calendars(before)) | (
        set(imported_calendars(after)) - set(imported_calendars(before))
    )
    dropped = set(followed_calendars(before)) - set(followed_calendars(after)) | (
        set(imported_calendars(before)) - set(imported_calendars(after))
    )
    # Whether an event blocks does not show in what is stored: other rules need the events once more.
    other = followed if before.settings.imports != after.settings.imports else set()
    return Consequences(
        settle=tuple(sorted(new | dropped | other)),
        rewrite=after.settings.exports.on
        and _written(before.settings.exports) != _written(after.settings.exports),
    )


def _written(exports: ExportSettings) -> ExportSettings:
    """Only what shows in an event: whom the provider mails does not."""
    return replace(exports, notify=False)
