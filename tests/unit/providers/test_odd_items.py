"""Whatever one item of a listing holds, the items beside it are read: both providers, live and for a copy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.calendar.event import Upsert
from common.providers.google import event_structs as google_structs
from common.providers.google import events_to_domain as google_events
from common.providers.google import list_events as google_lists
from common.providers.microsoft import event_structs as graph_structs
from common.providers.microsoft import events_to_domain as graph_events
from common.providers.microsoft import list_events as graph_lists
from tests.unit.providers.google import events_setup as google
from tests.unit.providers.microsoft import events_setup as microsoft


def read_google(odd: object) -> tuple[list[str], list[str]]:
    """The ids of a page's live events, and of what a copy gets, with a good event behind the odd item."""
    content = json.dumps({"kind": "calendar#events", "items": [odd, google.timed(id="good")]}).encode()
    listing = google_structs.read_listing(content)
    changes = [google_events.change_of(item, google.ZURICH, snapshot=False) for item in listing.items or ()]
    events, _ = google_lists.events_of(listing, google.ZURICH)
    return [event.id for event in events], [one.event.id for one in changes if isinstance(one, Upsert)]


def read_graph(odd: object) -> tuple[list[str], list[str]]:
    """The same of Graph."""
    content = json.dumps({"value": [odd, microsoft.item(id="good")]}).encode()
    listing = graph_structs.read_listing(content, texts=True)
    changes = [graph_events.change_of(item, microsoft.TIMES) for item in listing.value or ()]
    events, _ = graph_lists.events_of(listing, microsoft.TIMES)
    return [event.id for event in events], [one.event.id for one in changes if isinstance(one, Upsert)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({*google.timed(), *microsoft.item(), "recurringEventId", "originalStartTime", "attendees"})
ITEMS = JSON | st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5)


@pytest.mark.parametrize("read", [read_google, read_graph])
@given(odd=ITEMS)
def test_the_item_beside_an_odd_one_is_read(read: Any, odd: object) -> None:
    """Live and for a copy: no item takes another one down."""
    live, copied = read(odd)

    assert live[-1] == copied[-1] == "good"


@pytest.mark.parametrize("read", [read_google, read_graph])
@pytest.mark.parametrize("id_", ["", 7, None, ["x"]])
def test_an_odd_id_is_none(read: Any, id_: object) -> None:
    """What cannot be named is left out, and nothing else with it."""
    item = google.timed() if read is read_google else microsoft.item()

    assert read({**item, "id": id_}) == (["good"], ["good"])


@pytest.mark.parametrize("read", [read_google, read_graph])
def test_half_a_character_in_an_id_can_be_stored(read: Any) -> None:
    """It takes its time like any other, under an id that a document can hold."""
    item = google.timed() if read is read_google else microsoft.item()

    assert read({**item, "id": "x\ud83d"}) == (["x?", "good"], ["x?", "good"])
