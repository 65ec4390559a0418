"""Live questions of one account are asked at most four calendars at a time."""

from __future__ import annotations

from common.flows.slots.live_calendars import MOST_IN_FLIGHT, AccountPlaces, SingleFlight


def test_four_small_questions_are_asked_at_once_and_one_large_one_alone():
    """A batch reads four calendars at a time, so another one waits; single calendars do not."""
    places = AccountPlaces(MOST_IN_FLIGHT)
    small = [places.take(1, timeout=0) for _ in range(5)]
    for _ in range(4):
        places.give_back(1)
    large = places.take(4, timeout=0), places.take(1, timeout=0)
    places.give_back(4)

    assert [True, True, True, True, False] == small
    assert (True, False) == large
    assert places.take(4, timeout=0)


def test_one_account_has_the_same_places_in_each_question():
    """Whoever asks for the account at the same moment waits for the others."""
    flights = SingleFlight()
    anna, bea = flights.account_limit("anna"), flights.account_limit("bea")

    assert anna is flights.account_limit("anna")
    assert anna is not bea
