"""What a calendar's live answer takes and offers is exactly what its stored copy takes and offers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as chosen
from hypothesis import strategies as st

from common.domain.calendar.connection import Connection, ProviderKind, Status
from common.domain.calendar.event import EventType, ExternalEvent, Kind, Marker, Response, ShowAs
from common.domain.calendar.interval import Interval, merge
from common.domain.calendar.sync_state import CalendarSync
from common.domain.connect.settings import ImportSettings, PrivateMode, Settings
from common.domain.slots.agenda import Agenda, ImportedTimes
from common.domain.sync.imported_events import EventCopier, UnitChange
from common.domain.sync.windows import covered, import_window
from common.flows.shared.own_events import event_id
from common.flows.slots.busy import BusyReader
from common.flows.slots.live_calendars import LiveAnswer
from common.store import stores
from local.firestore_memory.documents import MemoryDocuments
from tests.machinery import Machinery
from tests.property.random_items import NOW, ZONES, GoogleSide, GraphSide, settings, spans
from tests.property.slot_cases import EXAMPLES

WINDOW = Interval(NOW, NOW + timedelta(days=20, minutes=7))
COVERED = covered(NOW, months=12)
SIDES = pytest.mark.parametrize("side", [GoogleSide, GraphSide], ids=["google", "microsoft"])
# One set of keys is enough; nothing is ever written there.
WORLD = Machinery(start=NOW)


def connection(imports):
    return Connection(
        id="c",
        tenant="t1",
        resource="anna",
        provider=ProviderKind.GOOGLE,
        account="anna@example.com",
        status=Status.ACTIVE,
        created_at=NOW,
        settings=Settings(imports=imports),
    )


def asked_live(events, imports):
    """What the calendar's answer takes and offers."""
    answer = LiveAnswer(tuple(event for event in events if event.inside(WINDOW)), NOW)
    known = BusyReader(WORLD.ports, "t1", "anna", Agenda()).times(answer, connection(imports))
    return seen(known.busy, known.free)


def from_the_copy(events, imports):
    """What is read of the calendar's copy, as a synchronisation stores it."""
    store = stores(MemoryDocuments())
    copier = EventCopier(imports, 1, import_window(NOW))
    copies = (copier.copy(event) for event in events)
    units = [UnitChange(copy.unit, (copy,)) for copy in copies if copy]
    store.sync_states.commit(CalendarSync("t1", "c", "k", generation=1, covered=COVERED), "anna", units)
    found = store.catalogue.agenda("t1", "anna", WINDOW).imports.get("c/k", ImportedTimes())
    return seen(found.busy, found.free)


def seen(busy, free):
    """The taken time inside the window, and the free times that reach into it, each where it starts.

    Where a free time ends matters as far as anything is known of the calendar.
    """
    last = int(COVERED.end.timestamp())
    whole = [Interval(*map(moment, item.seconds_around())) for item in busy]
    inside = [part for item in whole if (part := item.clip(WINDOW))]
    offered = {item.seconds_inside() for item in free if item.overlaps(WINDOW)}
    return merge(inside), {(start, min(end, last)) for start, end in offered if start < end}


def moment(seconds):
    return NOW + timedelta(seconds=seconds - int(NOW.timestamp()))


@SIDES
@given(data=st.data(), imports=settings, zone=st.sampled_from(ZONES))
@chosen(max_examples=2 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_events_of_a_provider_do_the_same_live_and_copied(side, data, imports, zone):
    """C2, C5: under any settings, whatever the provider sends of an event."""
    found = data.draw(st.lists(side.items, min_size=1, max_size=4))
    items = [{**item, "id": f"e{number}"} for number, item in enumerate(found)]

    assert from_the_copy(side.listed(items, zone), imports) == asked_live(side.live(items, zone), imports)


@st.composite
def events(draw, number):
    """Any event: alone or of a series, foreign, of another resource's booking, or a copy of such a one."""
    start, end, _ = draw(spans())
    marker = draw(st.sampled_from((None, Marker("other", 0))))
    own = marker and event_id(WORLD.ports.keys, tenant="t1", booking="other", epoch=0)
    series = draw(st.sampled_from((None, f"series{number}")))
    return ExternalEvent(
        id=own if number == 0 and own else f"e{number}",
        kind=Kind.OCCURRENCE if series else Kind.SINGLE,
        start=start,
        end=end,
        show_as=draw(st.sampled_from(ShowAs)),
        type=draw(st.sampled_from(EventType)),
        response=draw(st.sampled_from(Response)),
        private=draw(st.booleans()),
        cancelled=draw(st.booleans()),
        series_id=series,
        original_start=series and f"{start:%Y%m%dT%H%M%SZ}",
        marker=marker,
        title=draw(st.sampled_from((None, "secret"))),
    )


@given(data=st.data(), imports=settings)
@chosen(max_examples=2 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_event_does_the_same_live_and_copied(data, imports):
    """C2, C5, F2: every field, every kind, every length, our own of another resource as well."""
    found = [data.draw(events(number)) for number in range(data.draw(st.integers(1, 4)))]

    assert from_the_copy(found, imports) == asked_live(found, imports)


def test_the_comparison_finds_a_difference():
    """A calendar whose copy was made under other settings is not the same."""
    event = ExternalEvent("e", Kind.SINGLE, NOW, NOW + timedelta(hours=1), private=True)
    ignoring = ImportSettings(private=PrivateMode.NONE)

    assert from_the_copy([event], ignoring) != asked_live([event], ImportSettings())
