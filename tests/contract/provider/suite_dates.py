"""The contract of a calendar provider: one date of a series, found, changed and deleted alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.calendar.event import Detail, ExternalEvent, Gone, Kind
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import EventRef
from tests.contract.provider.suite_setup import HOUR, TOMORROW, deleted, draft
from tests.contract.provider.world import WINDOW, ProviderWorld

WEEK = timedelta(weeks=1)
LATER = [Interval(TOMORROW + WEEK * at, TOMORROW + WEEK * at + HOUR) for at in (1, 2)]


def weekly(world: ProviderWorld) -> ExternalEvent:
    """A series of three weeks, as its provider shows it."""
    series = world.enter_weekly(TOMORROW, HOUR, count=3)
    found = world.provider.get_event(world.token, world.calendar, series, detail=Detail.FULL)

    assert isinstance(found, ExternalEvent)
    assert found.kind is Kind.SERIES
    return found


def first(world: ProviderWorld, series: ExternalEvent) -> ExternalEvent | Gone:
    return world.provider.first_occurrence(world.token, world.calendar, series, detail=Detail.FULL)


class Dates:
    """One date of a series."""

    @pytest.mark.pitfall(14)
    @pytest.mark.parametrize("by", [timedelta(0), HOUR, -timedelta(days=40)])
    def test_the_first_date_is_found_wherever_it_was_moved_to(
        self, world: ProviderWorld, by: timedelta
    ) -> None:
        """By its original start, with the same identity (pitfall 14)."""
        series = weekly(world)
        if by:
            world.move_occurrence(series.id, TOMORROW, by)

        found = first(world, series)

        assert isinstance(found, ExternalEvent)
        assert (found.kind, found.series_id) == (Kind.OCCURRENCE, series.id)
        assert found.original_start == f"{TOMORROW:%Y%m%dT%H%M%SZ}"
        assert found.span == Interval(TOMORROW + by, TOMORROW + by + HOUR)
        assert found.title is not None

    @pytest.mark.pitfall(14)
    def test_a_first_date_that_was_deleted_is_gone(self, world: ProviderWorld) -> None:
        """The second date never stands in for it (pitfall 14)."""
        series = weekly(world)
        world.cancel_occurrence(series.id, TOMORROW)

        assert isinstance(first(world, series), Gone)

    @pytest.mark.pitfall(14)
    def test_a_date_is_changed_and_deleted_alone(self, world: ProviderWorld) -> None:
        """The others stay where they are (pitfall 14)."""
        series = weekly(world)
        date = first(world, series)
        assert isinstance(date, ExternalEvent)
        wanted = draft(interval=Interval(TOMORROW + HOUR, TOMORROW + 2 * HOUR))

        after = world.provider.update_event(
            world.token, world.calendar, date.id, wanted, changed=frozenset({"time"}), etag=date.etag
        )
        moved = world.taken(WINDOW)
        deleted(world, date.id)

        assert isinstance(after, EventRef)
        assert after.id == date.id
        assert list(moved) == [wanted.interval, *LATER]
        assert list(world.taken(WINDOW)) == LATER

    @pytest.mark.pitfall(14)
    def test_the_dates_of_what_is_no_series_are_the_event_itself(self, world: ProviderWorld) -> None:
        """Its owner may have made a single event of it since it was reported (pitfall 14)."""
        event = world.enter(TOMORROW, TOMORROW + HOUR)

        found = world.provider.occurrences(
            world.token, world.calendar, event, WINDOW, detail=Detail.FULL, page=None
        )

        assert not isinstance(found, Gone)
        assert [one.span for one in found.events] == [Interval(TOMORROW, TOMORROW + HOUR)]

    @pytest.mark.pitfall(21)
    def test_a_write_tells_the_name_of_its_event(self, world: ProviderWorld) -> None:
        """The UID by which every calendar program knows it, the same after a change (pitfall 21)."""
        made = world.provider.create_event(world.token, world.calendar, draft())
        assert isinstance(made, EventRef)
        after = world.provider.update_event(
            world.token,
            world.calendar,
            made.id,
            draft(title="Other"),
            changed=frozenset({"title"}),
            etag=None,
        )

        assert isinstance(after, EventRef)
        assert made.ical_uid is not None
        assert after.ical_uid == made.ical_uid
