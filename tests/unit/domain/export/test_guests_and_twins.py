"""Who is a guest of an event of ours, and when two connections keep the very same event."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.event import own_event_id
from common.domain.export.exported_event import (
    ExportLink,
    LinkState,
    is_same_event,
    leftover,
    with_leftover,
)
from common.domain.export.own_events import fingerprint, has_guest, with_guests
from tests.unit.domain.export.test_own_events import DRAFT, EVENT, LINK, WROTE

CARLA, COLLEAGUE = "carla@example.net", "colleague@example.com"
INVITED = replace(LINK, written=fingerprint(replace(DRAFT, attendee=(CARLA, "Carla"))))


@pytest.mark.parametrize(
    ("link", "guests", "expected"),
    [
        (LINK, (), (False, None, False)),
        (INVITED, (CARLA.upper(),), (True, None, False)),
        (INVITED, (), (False, False, False)),
        (INVITED, (COLLEAGUE,), (False, False, True)),
        (INVITED, (COLLEAGUE, CARLA), (True, None, True)),
        (LINK, (CARLA,), (True, True, False)),
        (replace(INVITED, owner_guest=False), (CARLA,), (True, None, False)),
        (INVITED, None, (True, None, False)),
        (replace(INVITED, state=LinkState.PENDING), (), (True, None, False)),
    ],
)
def test_the_event_shows_who_is_a_guest(
    link: ExportLink, guests: tuple[str, ...] | None, expected: tuple[bool, bool | None, bool]
) -> None:
    """The customer, by the owner's will or by ours, and others; what was not asked for changes nothing."""
    found = with_guests(link, EVENT._replace(guests=guests), {CARLA})

    assert (has_guest(found), found.owner_guest, found.others) == expected
    assert found.keeps_guests is (found.owner_guest is not None or found.others)


def test_unanswered_writes_in_two_calendars_are_two_events() -> None:
    """Both links have the id that we chose, which says nothing of the events in either mailbox."""
    link = replace(LINK, event_id=own_event_id(bytes(range(32))), state=LinkState.PENDING)

    assert not is_same_event(link, replace(link, calendar_id="another"), ids_repeat=False)


def test_an_older_state_says_nothing_of_the_guests() -> None:
    """A read that lags behind takes nobody off."""
    old = EVENT._replace(guests=(), updated=WROTE - timedelta(hours=1))

    assert with_guests(INVITED, old, {CARLA}) is INVITED


@pytest.mark.parametrize(
    ("other", "google", "microsoft"),
    [
        ({}, True, True),
        ({"calendar_id": "another"}, False, True),
        ({"calendar_id": "another", "event_id": "sb2"}, False, False),
        ({"calendar_id": "another", "event_id": "sb2", "ical_uid": "uid"}, False, True),
        ({"event_id": "sb2"}, False, False),
    ],
)
def test_two_links_lead_to_one_event(other: dict[str, str], google: bool, microsoft: bool) -> None:
    """At Google by calendar and id; in Outlook a shared calendar and its events may have other ids."""
    link = replace(LINK, ical_uid="uid")
    twin = replace(LINK, connection="c2", **other)

    found = [is_same_event(link, twin, ids_repeat=repeat) for repeat in (True, False)]
    assert found == [google, microsoft]


@pytest.mark.parametrize(("series", "uid"), [(None, None), ("sb0", None), (None, "uid"), ("sb0", "uid")])
def test_an_older_twin_keeps_its_names(series: str | None, uid: str | None) -> None:
    """Its series and what it is called in every calendar program come back as they were stored."""
    old = replace(LINK, series_id=series, ical_uid=uid)
    found = leftover(with_leftover(replace(LINK, epoch=1), old))

    assert found is not None
    assert (found.event_id, found.series_id, found.ical_uid) == (LINK.event_id, series, uid)
