"""The checks of the demonstration: a condition holds, two values are equal, something happens in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable
from typing import TypeVar

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)


class CheckFailed(Exception):
    """A check did not hold; the message says why."""


def check(what: str, *, holds: bool, because: object = "") -> None:
    """Check a condition.

    Raises:
        CheckFailed: it does not hold.
    """
    if not holds:
        raise CheckFailed(f"{what}: {because}" if because != "" else what)


def check_equal(what: str, *, expected: object, actual: object) -> None:
    """Check that two values are equal.

    Raises:
        CheckFailed: they differ.
    """
    check(what, holds=expected == actual, because=f"expected {expected}, found {actual}")


def check_same_members(what: str, *, expected: Collection[H], actual: Collection[H]) -> None:
    """Check that two collections have the same members, each once; the error names some that differ.

    Raises:
        CheckFailed: they differ.
    """
    missing, extra = set(expected) - set(actual), set(actual) - set(expected)
    difference = f"missing {len(missing)} {_few(missing)}, extra {len(extra)} {_few(extra)}"
    check(what, holds=not missing and not extra, because=difference)
    check_equal(f"{what}, each once", expected=len(expected), actual=len(actual))


def _few(found: set[H]) -> str:
    return str(sorted(map(str, found))[:3]) if found else ""


def wait_until(what: str, probe: Callable[[], T | None], *, seconds: float = 20.0, every: float = 0.1) -> T:
    """Call ``probe`` until it returns a result; the only place where the demonstration waits.

    Args:
        what: What is waited for; part of the error message.
        probe: Returns None or False, or raises CheckFailed, while it is not so yet.
        seconds: The longest time to wait.
        every: The pause between two calls of ``probe``.

    Raises:
        CheckFailed: It did not happen in time.
    """
    pause, deadline, reason = threading.Event(), time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        try:
            found = probe()
        except CheckFailed as error:
            found, reason = None, f": {error}"
        if found is not None and found is not False:
            return found
        pause.wait(every)
    raise CheckFailed(f"{what}: not within {seconds:.0f} seconds{reason}")
