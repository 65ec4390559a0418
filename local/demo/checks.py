"""What the demo insists on: a condition holds, two states are equal, something happens in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable
from typing import TypeVar

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)


class Unmet(Exception):
    """A check did not hold; the text is the reason for a person."""


def check(what: str, *, holds: bool, because: object = "") -> None:
    """Insist on a condition.

    Raises:
        Unmet: it does not hold.
    """
    if not holds:
        raise Unmet(f"{what}: {because}" if because != "" else what)


def same(what: str, *, expected: object, actual: object) -> None:
    """Insist that two values are equal.

    Raises:
        Unmet: they differ.
    """
    check(what, holds=expected == actual, because=f"expected {expected}, found {actual}")


def same_members(what: str, *, expected: Collection[H], actual: Collection[H]) -> None:
    """Insist that two collections have the same members, each once; the refusal shows a few that differ.

    Raises:
        Unmet: they differ.
    """
    missing, extra = set(expected) - set(actual), set(actual) - set(expected)
    difference = f"missing {len(missing)} {_few(missing)}, extra {len(extra)} {_few(extra)}"
    check(what, holds=not missing and not extra, because=difference)
    same(f"{what}, each once", expected=len(expected), actual=len(actual))


def _few(found: set[H]) -> str:
    return str(sorted(map(str, found))[:3]) if found else ""


def until(what: str, probe: Callable[[], T | None], *, seconds: float = 20.0, every: float = 0.1) -> T:
    """Ask again and again until there is an answer: the only place where the demo waits.

    Args:
        what: What is waited for, for the reason when it does not come.
        probe: Returns None (or False) while it is not so yet, and may raise Unmet, which is the reason then.
        seconds: How long at most.
        every: How long between two questions.

    Raises:
        Unmet: it did not happen in time.
    """
    pause, deadline, reason = threading.Event(), time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        try:
            found = probe()
        except Unmet as error:
            found, reason = None, f": {error}"
        if found is not None and found is not False:
            return found
        pause.wait(every)
    raise Unmet(f"{what}: not within {seconds:.0f} seconds{reason}")
