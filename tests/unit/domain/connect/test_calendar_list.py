"""Merging a listing of an account's calendars into those that a connection knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.calendar.connection import (
    AccessRole,
    CalendarEntry,
    CalendarUse,
    Connection,
    Phase,
    ProviderKind,
    Status,
    SyncRun,
    first_listing,
    merge_listing,
    proven_gone,
    with_renamed,
)
from common.domain.connect.settings import ExportSettings, Settings

NOW = datetime(2027, 3, 15, 8, tzinfo=UTC)


def entry(key, **fields):
    return CalendarEntry(
        **({"key": key, "provider_id": key, "name": key, "zone": None, "role": AccessRole.OWNER} | fields)
    )


def test_only_the_accounts_own_calendar_is_imported_at_first():
    """C1: the others are not used, whatever the listing says."""
    found = first_listing([entry("a", primary=True), entry("b", use=CalendarUse.IMPORT)])

    assert {key: item.use for key, item in found.items()} == {"a": "import", "b": "none"}


def test_a_later_listing_keeps_uses_and_takes_everything_else():
    """Names, zones and roles are the provider's; uses are the person's."""
    known = {"a": entry("a", use=CalendarUse.IMPORT), "b": entry("b")}
    now = [
        entry("a", name="new name", role=AccessRole.READER),
        entry("b", use=CalendarUse.IMPORT),
        entry("c", use=CalendarUse.IMPORT),
    ]
    found = merge_listing(known, now, now=NOW).calendars

    assert (found["a"].name, found["a"].role, found["a"].use) == ("new name", AccessRole.READER, "import")
    assert (found["b"].use, found["c"].use) == ("none", "none")


@pytest.mark.pitfall(24)
def test_a_missing_calendar_is_gone_after_two_listings_a_day_apart():
    """Pitfall 24: one listing without it is no proof, and neither are many within a day."""
    known = {"a": entry("a", use=CalendarUse.IMPORT)}
    first = merge_listing(known, [], now=NOW)
    second = merge_listing(first.calendars, [], now=NOW + timedelta(hours=23))
    third = merge_listing(second.calendars, [], now=NOW + timedelta(hours=24))

    assert [item.gone for item in (first, second, third)] == [(), (), ("a",)]
    assert third.calendars["a"] == replace(known["a"], missing_since=NOW)


def test_a_calendar_that_comes_back_is_named_as_returned():
    """It has to be synchronised again."""
    known = {"a": entry("a", missing_since=NOW), "b": entry("b")}
    found = merge_listing(known, [entry("a"), entry("b")], now=NOW + timedelta(days=3))

    assert found.returned == ("a",)
    assert found.calendars["a"].missing_since is None


def test_new_calendars_can_be_left_out():
    """While Slotbridge makes a calendar, a new one in the listing may be that one."""
    assert merge_listing({}, [entry("a")], now=NOW, add_new=False).calendars == {}


def test_a_calendar_that_is_listed_is_not_gone():
    """Only one that has been missing for a day is."""
    assert not proven_gone(entry("a"), now=NOW)


@pytest.mark.pitfall(24)
def test_the_default_calendar_is_known_by_its_role():
    """Under another id it takes the place of the missing one, also where it was listed before."""
    known = {"a": entry("a", primary=True, use=CalendarUse.IMPORT), "b": entry("b")}
    listed = [entry("c", primary=True), entry("b")]

    found = merge_listing(known, listed, now=NOW, follow=True)
    without = merge_listing(known, listed, now=NOW)
    later = merge_listing(without.calendars, listed, now=NOW, follow=True)

    assert {"a": "c"} == found.renamed == later.renamed
    assert {"b": "none", "c": "import"} == {key: one.use for key, one in found.calendars.items()}
    assert found.calendars == later.calendars
    assert {} == without.renamed


@pytest.mark.pitfall(24)
@pytest.mark.parametrize(
    ("lost", "fresh", "expected"),
    [
        (("Work", "anna"), [("Work", "anna")], {"a": "f0"}),
        (("Work", "anna"), [("Work", "boss")], {}),
        (("Work", "anna"), [("Work", None)], {}),
        (("Work", None), [("Work", None)], {}),
        (("", "anna"), [("", "anna")], {}),
        (("Work", "anna"), [("Work", "anna"), ("Work", "anna")], {}),
    ],
)
def test_another_calendar_is_known_by_its_name_and_owner(lost, fresh, expected):
    """Only where both are known, and where exactly one new calendar has them."""
    known = {"a": entry("a", name=lost[0], owner=lost[1], use=CalendarUse.IMPORT)}
    listed = [entry(f"f{at}", name=one[0], owner=one[1]) for at, one in enumerate(fresh)]

    assert expected == merge_listing(known, listed, now=NOW, follow=True).renamed


def test_a_default_calendar_that_is_used_otherwise_takes_no_place():
    """Somebody chose what it is for."""
    known = {"a": entry("a", primary=True), "b": entry("b", use=CalendarUse.CHECK)}

    found = merge_listing(known, [entry("b", primary=True)], now=NOW, follow=True)

    assert {} == found.renamed
    assert CalendarUse.CHECK is found.calendars["b"].use


@pytest.mark.pitfall(24)
def test_everything_in_a_connection_names_calendars_by_their_new_ids():
    """The export target, the dedicated calendar, the run and the calendars that events were moved to."""
    before = Connection(
        id="c1",
        tenant="t1",
        resource="anna",
        provider=ProviderKind.MICROSOFT,
        account="anna@example.com",
        status=Status.ACTIVE,
        created_at=NOW,
        settings=Settings(exports=ExportSettings(target="a")),
        dedicated_calendar="a",
        run=SyncRun(id="r1", phase=Phase.DONE, seq=1, calendars=("a", "b"), started_at=NOW),
        moved_to=("a",),
    )

    after = with_renamed(before, {"a": "c"})

    assert ("c", "c", ("c",)) == (after.settings.exports.target, after.dedicated_calendar, after.moved_to)
    assert after.run is not None
    assert ("c", "b") == after.run.calendars
    assert before == with_renamed(before, {})
