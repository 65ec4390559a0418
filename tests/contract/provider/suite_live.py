"""The contract of a calendar provider: live questions, channels, and what is no answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from common.domain.calendar.event import Detail, Gone
from common.domain.calendar.interval import Interval, merge
from common.errors import CalendarGone, ProviderUnavailable, SyncError
from common.ports.provider import BusyPage, BusyRequest
from tests.contract.provider.suite_setup import HOUR, TOMORROW, draft, wish
from tests.contract.provider.world import NOW, WINDOW, ProviderWorld, Trouble, read


class Live:
    """Questions that a slot list waits for."""

    def ask(self, world: ProviderWorld, window: Interval, *, blind: bool = False) -> tuple[Interval, ...]:
        calendar = world.blind if blind and world.blind else world.calendar
        page, found = None, []
        for _ in range(20):
            (answer,) = world.provider.busy(world.token, [BusyRequest(calendar, page)], window)
            assert isinstance(answer, BusyPage)
            found += [span for event in answer.events if (span := (event.span and event.span.clip(window)))]
            page = answer.page
            if page is None:
                return merge(found)
        raise AssertionError("the answer never ends")

    def test_busy_equals_the_providers_own_truth(self, world: ProviderWorld) -> None:
        """Single, recurring and all-day events take exactly the time that the provider says."""
        world.enter(TOMORROW, TOMORROW + HOUR)
        series = world.enter_weekly(TOMORROW + 2 * HOUR, HOUR, count=8)
        world.cancel_occurrence(series, TOMORROW + 2 * HOUR)
        world.enter_days(date(2026, 10, 25), date(2026, 10, 27))
        window = Interval(NOW, NOW + timedelta(days=40))

        assert self.ask(world, window) == world.taken(window) != ()

    def test_a_calendar_that_shares_times_only_is_asked_its_own_way(self, world: ProviderWorld) -> None:
        """Where no event may be read, the taken times are known all the same, over a long window too."""
        late = NOW + timedelta(days=100)
        if world.blind is None:
            pytest.skip("this provider shows no calendar that shares times only")
        world.enter_elsewhere(TOMORROW, TOMORROW + HOUR)
        world.enter_elsewhere(late, late + HOUR)

        assert self.ask(world, Interval(NOW, NOW + timedelta(days=120)), blind=True) == (
            Interval(TOMORROW, TOMORROW + HOUR),
            Interval(late, late + HOUR),
        )

    @pytest.mark.pitfall(25)
    def test_titles_come_only_where_a_view_asks_for_them(self, world: ProviderWorld) -> None:
        """A slot question brings times and flags; a view may ask what an event is called (pitfall 25)."""
        world.enter(TOMORROW, TOMORROW + HOUR, title="Dentist")
        request, window = BusyRequest(world.calendar), Interval(NOW, NOW + timedelta(days=7))

        (times,) = world.provider.busy(world.token, [request], window)
        (full,) = world.provider.busy(world.token, [request], window, detail=Detail.FULL)

        assert isinstance(times, BusyPage)
        assert isinstance(full, BusyPage)
        assert [(event.title, event.description) for event in times.events] == [(None, None)]
        assert [(event.title, event.span) for event in full.events] == [
            ("Dentist", Interval(TOMORROW, TOMORROW + HOUR))
        ]

    @pytest.mark.pitfall(1)
    @pytest.mark.parametrize("trouble", list(Trouble))
    def test_a_failed_question_is_never_free_time(self, world: ProviderWorld, trouble: Trouble) -> None:
        """Each calendar's failure is returned as such and never as an empty page (pitfall 1)."""
        for calendar in filter(None, (world.calendar, world.blind)):
            world.trouble(trouble)
            answers = world.provider.busy(world.token, [BusyRequest(calendar)], WINDOW)

            assert [isinstance(answer, SyncError) for answer in answers] == [True]

    @pytest.mark.pitfall(1)
    def test_a_lost_calendar_is_unknown(self, world: ProviderWorld) -> None:
        """A calendar that is not there any more is not free (pitfall 1)."""
        world.lose_calendar()

        (answer,) = world.provider.busy(world.token, [BusyRequest(world.calendar)], WINDOW)

        assert isinstance(answer, CalendarGone)


class Channels:
    """Push channels."""

    @pytest.mark.pitfall(8)
    def test_a_channel_lives_as_long_as_the_provider_says(self, world: ProviderWorld) -> None:
        """The end of a channel is the provider's, not the one that was asked for (pitfall 8)."""
        channel = world.provider.watch(world.token, world.calendar, wish("channel-1"))

        assert (channel.id, world.live_channels()) == ("channel-1", {world.named(channel)})
        assert NOW < channel.expires_at < NOW + timedelta(days=30)
        assert channel.created_at == NOW

    def test_closing_twice_is_fine(self, world: ProviderWorld) -> None:
        """A closed channel is closed; closing it again, or one that never was, succeeds."""
        channel = world.provider.watch(world.token, world.calendar, wish("channel-1"))

        unknown = replace(channel, id="never-opened", resource_id="never-opened")
        for closed in (channel, channel, unknown):
            world.provider.unwatch(world.token, closed)

        assert world.live_channels() == frozenset()

    @pytest.mark.pitfall(8)
    def test_a_channel_is_prolonged_or_replaced(self, world: ProviderWorld) -> None:
        """A provider that prolongs keeps the channel; else, or if it is gone, there is none (pitfall 8)."""
        channel, later = world.provider.watch(world.token, world.calendar, wish("channel-1")), NOW + 2 * HOUR

        longer = world.provider.renew(world.token, channel, now=NOW, until=later)
        world.provider.unwatch(world.token, channel)
        gone = world.provider.renew(world.token, channel, now=NOW, until=later)

        assert longer in {None, replace(channel, expires_at=later)}
        assert gone is None

    @pytest.mark.pitfall(8)
    def test_a_lost_answer_is_no_obstacle(self, world: ProviderWorld) -> None:
        """A channel that was opened unseen does not stand in the way of the next one (pitfall 8)."""
        first = world.provider.watch(world.token, world.calendar, wish("channel-1"))
        second = world.provider.watch(world.token, world.calendar, wish("channel-2"))

        assert world.named(second) in world.live_channels()
        assert second.id != first.id


Question = Callable[[ProviderWorld, str], object]

QUESTIONS: dict[str, Question] = {
    "changes": lambda world, _: read(world),
    "count": lambda world, _: world.provider.count(world.token, world.calendar, WINDOW, page=None),
    "get_event": lambda world, event_id: world.provider.get_event(
        world.token, world.calendar, event_id, detail=Detail.TIMES
    ),
    "occurrences": lambda world, event_id: world.provider.occurrences(
        world.token, world.calendar, event_id, WINDOW, detail=Detail.TIMES, page=None
    ),
    "list_calendars": lambda world, _: world.provider.list_calendars(world.token, page=None),
    "create_event": lambda world, _: world.provider.create_event(world.token, world.calendar, draft()),
    "update_event": lambda world, event_id: world.provider.update_event(
        world.token, world.calendar, event_id, draft(), changed=frozenset({"title"}), etag=None
    ),
    "watch": lambda world, _: world.provider.watch(world.token, world.calendar, wish("channel-1")),
}


class Troubles:
    """What is no answer."""

    @pytest.mark.pitfall(4)
    @pytest.mark.parametrize("trouble", list(Trouble))
    @pytest.mark.parametrize("question", list(QUESTIONS.values()), ids=list(QUESTIONS))
    def test_trouble_is_never_an_answer(
        self, world: ProviderWorld, question: Question, trouble: Trouble
    ) -> None:
        """A 5xx, a lost connection, half an answer or HTML is an outage, never an empty page (pitfall 4)."""
        series = world.enter_weekly(TOMORROW, HOUR, count=2)
        world.trouble(trouble)

        with pytest.raises(ProviderUnavailable):
            question(world, series)

    @pytest.mark.pitfall(4)
    @pytest.mark.parametrize("name", sorted(set(QUESTIONS) - {"list_calendars"}))
    def test_a_lost_calendar_proves_no_deletion(self, world: ProviderWorld, name: str) -> None:
        """Where the calendar cannot be read, no event of it is said to be gone (pitfall 4)."""
        series = world.enter_weekly(TOMORROW, HOUR, count=2)
        world.lose_calendar()

        with pytest.raises(CalendarGone):
            QUESTIONS[name](world, series)

    @pytest.mark.pitfall(4)
    def test_deleting_in_a_lost_calendar_is_not_done(self, world: ProviderWorld) -> None:
        """What cannot be reached was not deleted (pitfall 4)."""
        event_id = world.enter(TOMORROW, TOMORROW + HOUR)
        world.lose_calendar()

        with pytest.raises(CalendarGone):
            world.provider.delete_event(world.token, world.calendar, event_id, notify=False)

    @pytest.mark.pitfall(4)
    def test_an_event_that_never_was_is_gone(self, world: ProviderWorld) -> None:
        """Where the calendar can be read, an unknown id is proof enough."""
        for name in ("get_event", "occurrences", "update_event"):
            assert QUESTIONS[name](world, "neverwas00") == Gone("neverwas00")
