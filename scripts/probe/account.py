"""What every account has in which facts are tried: two calendars of the probe, and what was given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import requests

from scripts.probe.calendar_names import MARK, calendar_name
from scripts.probe.fact import Need, NotTried
from scripts.probe.hands import Hands
from scripts.probe.run import FOR_THE_END
from scripts.probe.web import Answer, Json, Web

# What the deletion of a calendar may be answered.
GONE: Final = ("2", "404", "410")


@dataclass(slots=True)
class ProbeAccount(ABC):
    """The account, whose `granted` is the answer of the token endpoint.

    `client` holds the form fields that name the client, `renew` gets a fresh answer. `calendar` and `other`
    are the ids of the two calendars, once they are made.
    """

    web: Web
    granted: Json
    client: Mapping[str, str]
    began: datetime
    guest: str = ""
    push_address: str = ""
    hands: Hands | None = None
    renew: Callable[[], Json] | None = None
    calendar: str = ""
    other: str = ""
    undo: ExitStack = field(default_factory=ExitStack)

    @property
    def has(self) -> frozenset[Need]:
        """What the operator gave beside the account."""
        given = {
            Need.GUEST: self.guest,
            Need.PUSH: self.push_address,
            Need.HANDS: self.hands,
            Need.REFRESH: self.granted.get("refresh_token"),
        }
        return frozenset(need for need, value in given.items() if value)

    def begin(self) -> None:
        """Make the two calendars."""
        self.calendar = self._new_calendar("A")
        self.other = self._new_calendar("B")

    def _new_calendar(self, letter: str) -> str:
        answer = self.make_calendar(calendar_name(self.began, letter))
        if not answer.good:
            raise SystemExit(f"the probe's calendar could not be made: {answer.said}")
        made = str(answer.found["id"])
        self.undo.callback(self.remove_calendar, made)
        return made

    def remove_calendar(self, calendar: str) -> bool:
        """Delete a calendar with everything in it, and return whether it is gone."""
        try:
            said = self.delete_calendar(calendar).said
        except requests.RequestException as error:
            said = type(error).__name__
        gone = said.startswith(GONE)
        if not gone:
            print(f"a calendar of the probe is left ({said}): run again with --clean")
        return gone

    def end(self) -> None:
        """Remove the calendars and whatever else was made."""
        self.web.spare(FOR_THE_END)
        self.undo.close()

    def asked_to_act(self, task: str, about: str, event: str, *, settled: float) -> None:
        """Let the operator do something by hand, and wait some seconds until the provider shows it."""
        if self.hands is None:
            raise NotTried(f"needs {Need.HANDS}")
        self.hands.act(task, title=title(about), calendar=self.calendar, event=event, target=self.other)
        self.web.wait(settled)

    @abstractmethod
    def make_calendar(self, name: str) -> Answer:
        """Ask the provider for a new calendar."""

    @abstractmethod
    def delete_calendar(self, calendar: str) -> Answer:
        """Ask the provider to delete a calendar."""


def title(about: str) -> str:
    """The title of one of the probe's events."""
    return f"{MARK} {about}"


def needed(answer: Answer) -> Json:
    """The object of an answer on which a fact rests; without it the fact is not tried."""
    if not answer.good:
        raise NotTried(f"a request before it was answered {answer.said}")
    return answer.found
