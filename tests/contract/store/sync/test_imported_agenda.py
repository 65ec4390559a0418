"""The contract of imported times in the agenda."""

from __future__ import annotations

from datetime import timedelta

from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import CalendarSync
from common.domain.sync.imported_events import UnitChange
from tests.contract.store.examples import DAY, HOUR, MONDAY, event, imports, unit


def test_the_agenda_tells_busy_from_free(store, feed):
    """Touching busy times are joined, free ones kept apart, events that do neither are left out."""
    saved = store.sync_states.commit(
        feed,
        "r",
        [
            unit(event("a")),
            unit(event("b", MONDAY + HOUR)),
            unit(event("c", MONDAY + 5 * HOUR, blocks=False, free=True)),
            unit(event("d", MONDAY + 6 * HOUR, blocks=False, free=True)),
            unit(event("e", MONDAY + 9 * HOUR, blocks=False)),
        ],
    )

    busy, free = imports(store)

    assert busy == (Interval(MONDAY, MONDAY + 2 * HOUR),)
    assert [item.start for item in free] == [MONDAY + 5 * HOUR, MONDAY + 6 * HOUR]
    store.sync_states.commit(saved, "r", [UnitChange(name, ()) for name in "abcde"])
    assert imports(store) == ((), ())


def test_fractions_of_a_second_are_rounded_to_the_safe_side(store, feed):
    """Busy times grow, free times shrink."""
    part = timedelta(milliseconds=500)
    store.sync_states.commit(
        feed,
        "r",
        [
            unit(event("a", MONDAY + part)),
            unit(event("b", MONDAY + 3 * HOUR + part, blocks=False, free=True)),
        ],
    )

    second = timedelta(seconds=1)
    assert imports(store) == (
        (Interval(MONDAY, MONDAY + HOUR + second),),
        (Interval(MONDAY + 3 * HOUR + second, MONDAY + 4 * HOUR),),
    )


def test_calendars_do_not_mix(store, feed):
    """Each calendar of each connection has its own weeks and its own part of the agenda."""
    saved = store.sync_states.commit(feed, "r", [unit(event())])
    store.sync_states.commit(CalendarSync("t", "c", "k2"), "r", [unit(event())])
    store.sync_states.commit(CalendarSync("t", "c2", "k"), "r", [unit(event())])

    assert store.sync_states.purge(saved, "r") == 1

    found = store.catalogue.agenda("t", "r", Interval(MONDAY, MONDAY + DAY)).imports
    assert set(found) == {"c/k2", "c2/k"}
