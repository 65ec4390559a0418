"""What may be read, stored and shown of foreign events under a person's import and privacy modes: one rule.

Whoever asks a provider, copies an event, shortens stored copies, shows an event or lets it block asks here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.domain.calendar.event import Detail
from common.domain.connect.settings import ImportMode, PrivateMode

if TYPE_CHECKING:
    from common.domain.connect.settings import ImportSettings
    from common.domain.sync.imported_events import ImportedEvent


def requested_detail(settings: ImportSettings) -> Detail:
    """What is asked of the provider: never a text that may not be kept."""
    return Detail.FULL if settings.mode is ImportMode.FULL else Detail.TIMES


def may_keep(settings: ImportSettings, *, private: bool) -> bool:
    """Whether an event counts at all, if only with its times; else it is not stored, shown or in the way."""
    return not private or settings.private is not PrivateMode.NONE


def may_show_texts(settings: ImportSettings, *, private: bool) -> bool:
    """Whether the texts of an event may be shown as far as its privacy goes: private ones by choice only."""
    return not private or settings.private is PrivateMode.FULL


def may_keep_texts(settings: ImportSettings, *, private: bool) -> bool:
    """Whether the texts of an event may be stored: those of private events only where both modes allow it."""
    return settings.mode is ImportMode.FULL and may_show_texts(settings, private=private)


def redacted(event: ImportedEvent, settings: ImportSettings) -> ImportedEvent | None:
    """What may stay of a stored event under changed modes: all of it, only its times, or nothing (None)."""
    if not may_keep(settings, private=event.private):
        return None
    if may_keep_texts(settings, private=event.private):
        return event
    return event._replace(title=None, description=None)
