"""What a tenant wants mailed, in which language, and who hears about its calendars."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Language(StrEnum):
    """The languages that mails are written in."""

    ENGLISH = "en"
    GERMAN = "de"


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """``customers`` mails them about their bookings; answers and notices go to ``owner``.

    ``reminders`` repeats once a day that a calendar must be connected again.
    """

    customers: bool = True
    language: Language = Language.ENGLISH
    owner: str | None = field(default=None, repr=False)
    reminders: bool = True
