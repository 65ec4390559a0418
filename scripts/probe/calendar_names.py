"""The names of the calendars that the probe makes, by which it finds and removes only its own."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

MARK: Final = "Slotbridge probe"
_OURS = re.compile(rf"{MARK} \d{{8}}-\d{{6}} [AB]")


def calendar_name(began: datetime, letter: str) -> str:
    """The name of one of the two calendars (``A`` or ``B``) of a run."""
    return f"{MARK} {began:%Y%m%d-%H%M%S} {letter}"


def is_ours(name: object) -> bool:
    """Whether a calendar's name is exactly one that the probe gives."""
    return isinstance(name, str) and _OURS.fullmatch(name) is not None
