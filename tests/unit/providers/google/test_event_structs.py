"""Google's pages, however odd: what is decoded at once and what is read field by field are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ProviderUnavailable, UnexpectedReply
from common.providers.google.event_structs import GoogleItem, GoogleListing, listing_of, read_listing

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.just("\ud800"),
    st.lists(st.one_of(st.none(), st.text(), st.fixed_dictionaries({}))),
    st.dictionaries(st.sampled_from(("dateTime", "self", "private", "response")), st.text()),
)
when = st.fixed_dictionaries({}, optional={"dateTime": odd, "date": odd, "timeZone": odd})
guests = st.lists(st.fixed_dictionaries({}, optional={"self": odd, "organizer": odd, "responseStatus": odd}))
fields = {
    "id": st.text(),
    "status": odd,
    "start": st.one_of(when, odd),
    "end": st.one_of(when, odd),
    "visibility": odd,
    "attendees": st.one_of(guests, odd),
    "recurrence": odd,
    "extendedProperties": st.one_of(st.fixed_dictionaries({"private": odd}), odd),
    "unknown": odd,
}

items = st.lists(st.one_of(st.fixed_dictionaries({}, optional=fields), odd), max_size=4)


def page(found: list[Any], **more: Any) -> dict[str, Any]:
    return {"kind": "calendar#events", "items": found, **more}


@given(items)
def test_a_page_says_the_same_however_it_is_read(found: list[Any]) -> None:
    """Nothing is lost or added because one item of a page is odd."""
    reply = page(found)

    assert listing_of(reply) == read_listing(json.dumps(reply).encode())


def test_an_odd_item_costs_no_other_and_no_page() -> None:
    """What cannot be an event stays in its place, as nothing; an odd field is as if it were not there."""
    listing = read_listing(json.dumps(page([{"id": "a"}, 7, {"id": "b", "start": 7}, None])).encode())

    assert [GoogleItem(id="a"), None, GoogleItem(id="b"), None] == listing.items


def test_half_a_character_costs_no_page() -> None:
    """An escaped half of a character is no JSON to some readers; whoever wrote it made an event."""
    (found,) = read_listing(b'{"items": [{"id": "a", "summary": "\\ud83d"}]}').items or ()

    assert found
    assert found.summary == "\ud83d"


@pytest.mark.parametrize("content", [b"", b"{", b'{"items": [', b"[]", b"7", b"\xff", b"<html>", b"[" * 5000])
def test_half_a_page_is_no_page(content: bytes) -> None:
    """A body that was cut off is asked for again, and never taken for an empty one."""
    with pytest.raises(ProviderUnavailable):
        read_listing(content)


def test_the_way_on_is_believed_only_as_it_was_sent() -> None:
    """An odd token is kept as it is, so that whoever checks it sees that it is odd: it is not the end."""
    assert read_listing(json.dumps(page([], nextPageToken=7)).encode()).next_page_token == 7
    assert listing_of(page([{"id": 7}], nextPageToken=[])).next_page_token == []


@pytest.mark.parametrize("found", [7, {}, "[]"])
def test_odd_items_are_no_empty_listing(found: Any) -> None:
    """Whatever else the answer says."""
    with pytest.raises(UnexpectedReply):
        read_listing(json.dumps(page(found)).encode())


def test_what_was_not_asked_for_is_not_kept() -> None:
    """Fields that nobody reads are left where they are."""
    assert GoogleListing.__struct_fields__
    assert not {"location", "organizer", "htmlLink", "bodyPreview"} & set(GoogleItem.__struct_encode_fields__)
