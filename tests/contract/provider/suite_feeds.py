"""The contract of a calendar provider: listings, deltas, series and days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from common.domain.calendar.event import Detail, ExternalEvent, Gone, Kind, Removal, SeriesTouched
from common.domain.calendar.interval import Interval
from common.errors import CursorExpired
from common.ports.provider import BusyPage, BusyRequest
from tests.contract.provider.suite_setup import HOUR, PLACE, SECRET, TOMORROW, upserts
from tests.contract.provider.world import NOW, WINDOW, ProviderWorld, read


class Feeds:
    """Listings and deltas."""

    @pytest.mark.pitfall(14)
    def test_pages_join_without_loss_or_duplicate(self, world: ProviderWorld) -> None:
        """A listing of many pages names every event once and only its last page ends it (pitfall 14)."""
        entered = world.fill(620)

        listing = read(world)

        assert len(listing.pages) > 1
        assert [page.last for page in listing.pages] == [False] * (len(listing.pages) - 1) + [True]
        assert all(page.snapshot for page in listing.pages)
        found = [event.id for event in upserts(listing.changes)]
        assert (len(found), frozenset(found)) == (620, entered)

    def test_a_cursor_replays_nothing(self, world: ProviderWorld) -> None:
        """A delta right after a listing, or after another delta, holds no change."""
        world.enter(TOMORROW, TOMORROW + HOUR)
        listing = read(world)

        first = read(world, listing.cursor)
        second = read(world, first.cursor)

        assert (first.changes, second.changes) == ((), ())
        assert not first.pages[0].snapshot

    def test_the_same_cursor_can_be_read_again(self, world: ProviderWorld) -> None:
        """A task that runs twice sees the same changes twice."""
        cursor = read(world).cursor
        world.enter(TOMORROW, TOMORROW + HOUR)

        assert read(world, cursor).changes == read(world, cursor).changes

    def test_a_delta_tells_what_changed(self, world: ProviderWorld) -> None:
        """New, moved and deleted events each arrive once, in their current state."""
        moved = world.enter(TOMORROW, TOMORROW + HOUR)
        deleted = world.enter(TOMORROW, TOMORROW + HOUR)
        cursor = read(world).cursor
        entered = world.enter(TOMORROW + HOUR, TOMORROW + 2 * HOUR)
        world.move(moved, HOUR)
        world.delete(deleted)

        changes = read(world, cursor).changes

        assert {event.id: event.start for event in upserts(changes)} == {
            moved: TOMORROW + HOUR,
            entered: TOMORROW + HOUR,
        }
        proven = world.provider.abilities.proves_removals
        assert [(change.id, change.proven) for change in changes if isinstance(change, Removal)] == [
            (deleted, proven)
        ]
        assert len(changes) == 3

    @pytest.mark.pitfall(6)
    def test_an_expired_cursor_says_so(self, world: ProviderWorld) -> None:
        """A token that is too old is CursorExpired, not an empty page and not another error (pitfall 6)."""
        cursor = read(world).cursor
        world.expire_cursors()

        with pytest.raises(CursorExpired):
            read(world, cursor)

    def test_a_listing_has_a_beginning(self, world: ProviderWorld) -> None:
        """What reaches into the window is listed, not what was before it; years ahead where it has no end."""
        later = NOW + timedelta(days=1500)
        world.enter(WINDOW.start - 3 * HOUR, WINDOW.start - HOUR)
        reaching = world.enter(WINDOW.start - HOUR, WINDOW.start + HOUR)
        ahead = world.enter(later, later + HOUR)

        endless = {ahead} if world.provider.abilities.endless_listing else set()
        assert {event.id for event in upserts(read(world).changes)} == {reaching} | endless

    @pytest.mark.pitfall(25)
    def test_times_only_never_asks_for_texts(self, world: ProviderWorld) -> None:
        """Where only times are wanted, no text is asked for, sent or returned (pitfall 25)."""
        event_id = world.enter(TOMORROW, TOMORROW + HOUR, title=SECRET)
        series = world.enter_weekly(TOMORROW, HOUR, count=3)

        changes = read(world, detail=Detail.TIMES).changes
        one = world.provider.get_event(world.token, world.calendar, event_id, detail=Detail.TIMES)
        more = world.provider.occurrences(
            world.token, world.calendar, series, WINDOW, detail=Detail.TIMES, page=None
        )
        busy = world.provider.busy(world.token, [BusyRequest(world.calendar)], WINDOW)

        assert "Canary" not in repr([(event.title, event.description) for event in upserts(changes)])
        assert isinstance(one, ExternalEvent)
        texts = {(event.title, event.description) for event in (one, *upserts(changes))}
        assert texts == {(None, None)}
        assert not isinstance(more, Gone)
        assert isinstance(busy[0], BusyPage)
        sent = world.requests().lower()
        assert [
            word for word in ("summary", "subject", "description", "body", "location") if word in sent
        ] == []

    def test_full_detail_brings_the_texts(self, world: ProviderWorld) -> None:
        """With full detail the title is there."""
        world.enter(TOMORROW, TOMORROW + HOUR, title=SECRET)

        assert [event.title for event in upserts(read(world).changes)] == [SECRET]

    def test_counting_equals_listing(self, world: ProviderWorld) -> None:
        """The number that a preview shows is the number that the first synchronisation reads."""
        world.fill(30)
        world.enter_weekly(TOMORROW, HOUR, count=4)

        world.enter(TOMORROW, TOMORROW + HOUR, private=True)

        counted = world.provider.count(world.token, world.calendar, WINDOW, page=None)

        assert (len(read(world).changes), 1) == (len(counted.units), sum(counted.units.values()))


class Recurrence:
    """Series, occurrences, and days."""

    def expand(self, world: ProviderWorld, series: str, window: Interval = WINDOW) -> list[ExternalEvent]:
        page = world.provider.occurrences(
            world.token, world.calendar, series, window, detail=Detail.TIMES, page=None
        )

        assert not isinstance(page, Gone)
        assert (page.page, page.nameless) == (None, 0)
        return sorted(page.events, key=lambda event: event.start)

    @pytest.mark.pitfall(14)
    def test_a_series_is_named_and_expands_across_the_clock_change(self, world: ProviderWorld) -> None:
        """09:00 stays 09:00 when summer time ends, with exceptions in place (pitfall 14)."""
        starts = [datetime(2026, 10, 12, 9, tzinfo=PLACE) + timedelta(weeks=week) for week in range(4)]
        series = world.enter_weekly(starts[0], HOUR, count=4)
        cursor = read(world).cursor
        world.cancel_occurrence(series, starts[1])
        world.move_occurrence(series, starts[2], 3 * HOUR)

        changes = read(world, cursor).changes
        events = self.expand(world, series)

        assert set(changes) == {SeriesTouched(series)}
        assert [event.start for event in events] == [starts[0], starts[2] + 3 * HOUR, starts[3]]
        assert [event.start.hour for event in events] == [7, 11, 8]
        assert {(event.kind, event.series_id) for event in events} == {(Kind.OCCURRENCE, series)}

    def test_an_occurrence_keeps_its_identity_when_it_moves(self, world: ProviderWorld) -> None:
        """The key of an occurrence is its original start, so a moved one is still the same."""
        series = world.enter_weekly(TOMORROW, HOUR, count=3)
        before = [event.key for event in self.expand(world, series)]
        world.move_occurrence(series, TOMORROW, 2 * HOUR)

        assert [event.key for event in self.expand(world, series)] == before
        assert len(set(before)) == 3

    def test_only_the_window_is_expanded(self, world: ProviderWorld) -> None:
        """Occurrences that touch the window are there, the others are not (pitfall 7)."""
        series = world.enter_weekly(TOMORROW, 2 * HOUR, count=10)
        week = timedelta(weeks=1)
        window = Interval(TOMORROW + week + HOUR, TOMORROW + 3 * week)

        assert [event.start for event in self.expand(world, series, window)] == [
            TOMORROW + week,
            TOMORROW + 2 * week,
        ]

    def test_what_only_touches_the_window_is_outside(self, world: ProviderWorld) -> None:
        """An occurrence that ends a moment before the window is not in it, however coarsely it is asked."""
        series = world.enter_weekly(TOMORROW, HOUR, count=2)
        moment = timedelta(milliseconds=300)
        window = Interval(TOMORROW + HOUR + moment, TOMORROW + timedelta(weeks=1) - moment)

        for touching in (window, Interval(TOMORROW + HOUR, TOMORROW + timedelta(weeks=1))):
            assert self.expand(world, series, touching) == []

    def test_a_deleted_series_is_removed_and_gone(self, world: ProviderWorld) -> None:
        """Deleting a series is a removal in the feed; nothing of it is left to expand."""
        series = world.enter_weekly(TOMORROW, HOUR, count=3)
        cursor = read(world).cursor
        world.delete(series)

        changes = read(world, cursor).changes
        page = world.provider.occurrences(
            world.token, world.calendar, series, WINDOW, detail=Detail.TIMES, page=None
        )

        assert series in {change.id for change in changes if isinstance(change, Removal)}
        assert isinstance(page, Gone) or page.events == ()

    @pytest.mark.pitfall(15)
    def test_a_day_is_the_calendars_day(self, world: ProviderWorld) -> None:
        """An all-day event takes its local days, 25 hours where the clock is set back (pitfall 15)."""
        first, end = date(2026, 10, 25), date(2026, 10, 26)
        world.enter_days(first, end)

        (event,) = upserts(read(world).changes)

        assert event.all_day == (first, end)
        assert event.start == datetime(2026, 10, 25, tzinfo=PLACE)
        assert event.end - event.start == timedelta(hours=25)
