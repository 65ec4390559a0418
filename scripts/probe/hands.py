"""What the probe asks of the person who runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

# What a person does in the provider's own pages; each sentence is completed with the event's title.
TASKS: Final[Mapping[str, str]] = {
    "delete_event": "delete the event",
    "delete_following": 'delete the third date and all that follow ("this and following") of the series',
    "move_event": "move the event to the probe's calendar that ends in B:",
    "move_back": "move the event back to the probe's calendar that ends in A:",
    "split_series": 'change the title from the third date on ("this and following") of the series',
}


class Hands(Protocol):
    """Somebody who acts in the provider's own pages."""

    def act(self, task: str, *, title: str, calendar: str, event: str, target: str = "") -> None:
        """Do one of the TASKS with an event of the probe; `event` and the calendars are ids."""


class TerminalHands:
    """Asks the operator to act, and waits until it is done."""

    def __init__(self, *, show: Callable[[str], None], answer: Callable[[], str]) -> None:
        self._show = show
        self._answer = answer

    def act(self, task: str, *, title: str, calendar: str, event: str, target: str = "") -> None:  # noqa: ARG002
        """Print what is to be done, and wait for the Enter key."""
        self._show(f'Please {TASKS[task]} "{title}" in the calendar\'s own page, then press Enter.')
        self._answer()
