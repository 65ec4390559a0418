"""Repeats a change of a stored record while others change the same record at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from common.errors import Conflict

T = TypeVar("T")


def retry_conflicts(change: Callable[[], T], *, message: str, code: str | None = None, tries: int = 5) -> T:
    """The result of ``change``, which reads a record, decides and saves; repeated while it raises Conflict.

    Args:
        change: Reads anew at each call, so that it decides on what is stored by then.
        message: What the last Conflict says, where others were faster every time.
        code: The stable code of that Conflict.
        tries: How often ``change`` is called at most.

    Raises:
        Conflict: Others were faster every time.
    """
    for _ in range(tries):
        try:
            return change()
        except Conflict:
            continue
    raise Conflict(message, code=code)
