"""In the mode that keeps times only, no word of a foreign event is asked of the provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from common.domain.connect.settings import ImportMode, Settings
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT

CANARIES = ("canary title", "canary text", "canary place", "canary guest")


class Overheard:
    """A simulator, and all that it answers: as (method and address, body)."""

    def __init__(self, simulator):
        self._simulator = simulator
        self.answers: list[tuple[str, str]] = []

    def __getattr__(self, name):
        return getattr(self._simulator, name)

    def __call__(self, environ, start_response) -> Iterator[bytes]:
        """One request, whose answer is noted."""
        body = b"".join(self._simulator(environ, start_response))
        self.answers.append((f"{environ['REQUEST_METHOD']} {environ['RAW_URI']}", body.decode()))
        return iter([body])


class OverheardGoogle(Synced):
    """A Google account, and what Google answers."""

    def _google(self):
        self.google = Overheard(self.google)
        return super()._google()

    def enter_canary(self, start, **more):
        """Somebody enters an event with words in it."""
        words = {"summary": CANARIES[0], "description": CANARIES[1], "location": CANARIES[2]}
        guests = [{"email": "guest@example.net", "displayName": CANARIES[3]}]
        return self.enter(start, **words, attendees=guests, **more)

    @property
    def answers(self):
        return self.google.answers

    def shift_own(self):
        self.google.owner.shift_event(ACCOUNT, self.link().event_id, minutes=30)

    @staticmethod
    def weekly():
        return {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]}


class OverheardOutlook(Outlook):
    """A Microsoft account, and what Microsoft answers."""

    def _microsoft(self):
        self.microsoft = Overheard(self.microsoft)
        return super()._microsoft()

    def enter_canary(self, start, **more):
        """Somebody enters an event with words in it."""
        words = {"body": {"contentType": "text", "content": CANARIES[1]}}
        words |= {"location": {"displayName": CANARIES[2]}}
        guest = {"emailAddress": {"address": "guest@example.net", "name": CANARIES[3]}}
        return self.enter(start, subject=CANARIES[0], attendees=[guest], **words, **more)

    @property
    def answers(self):
        return self.microsoft.answers

    def shift_own(self):
        self.microsoft.owner.shift_event(self.calendar, self.link().event_id, minutes=30)

    @staticmethod
    def weekly():
        return {
            "recurrence": {
                "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
                "range": {"type": "numbered", "startDate": "2027-03-22", "numberOfOccurrences": 3},
            }
        }


def heard(world):
    """The requests whose answers have words of foreign events in them."""
    return {name for name, body in world.answers if any(word in body for word in CANARIES)}


def lived(kind, mode=ImportMode.TIMES):
    """An account with foreign events and an exported booking that its owner moves, listed twice."""
    settings = Settings()
    times = replace(settings, imports=replace(settings.imports, mode=mode))
    world = kind(settings=times)
    world.enter_canary(at(12))
    world.enter_canary(at(14), **world.weekly())
    world.book(at(9))
    world.drain()
    world.shift_own()
    world.drain()
    state = world.sync_state()
    world.ports.sync_states.save(state.without_cursor())
    world.request_sync()
    world.advance(minutes=30)
    assert world.imported()
    return world


def test_google_sends_no_word_of_a_foreign_event():
    """Listings, deltas, series and our own moved event: only times were asked for."""
    assert set() == heard(lived(OverheardGoogle))


def test_microsoft_sends_words_of_foreign_events_in_deltas_only():
    """A delta cannot be asked for less, and what it brings is dropped; everything else asks for times."""
    requests = heard(lived(OverheardOutlook))

    assert {True} == {"calendarView/delta" in name for name in requests}


def test_words_are_asked_for_where_they_are_kept():
    """In the full mode titles and texts are asked for, and neither places nor guests."""
    world = lived(OverheardGoogle, ImportMode.FULL)

    assert dict.fromkeys(CANARIES[:2], True) | dict.fromkeys(CANARIES[2:], False) == {
        word: any(word in body for _, body in world.answers) for word in CANARIES
    }


@pytest.mark.parametrize("kind", [OverheardGoogle, OverheardOutlook])
def test_our_own_event_is_read_with_its_words(kind):
    """The few own events that changed are read one by one, so that what their owner wrote is seen."""
    world = lived(kind)

    assert at(9, 30) == world.booking().interval.start
