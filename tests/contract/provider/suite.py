"""The contract of a calendar provider: one suite for all of them, each through its own simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.domain.account import Role
from common.domain.booking import Changed, EventDraft, EventRef, IdTaken
from common.domain.event import Detail, ExternalEvent, Gone, Kind, Marker, Removal, SeriesTouched, Upsert
from common.domain.interval import Interval, merge
from common.domain.ownership import own_event_id
from common.errors import CalendarGone, CursorExpired, Forbidden, ProviderUnavailable, SyncError
from common.ports.provider import BusyPage, BusyRequest, ChannelRequest
from tests.contract.provider.world import NOW, WINDOW, ZONE, ProviderWorld, Trouble, read

HOUR = timedelta(hours=1)
TOMORROW = NOW + timedelta(days=1)
PLACE = ZoneInfo(ZONE)
OWN = own_event_id(bytes(range(32)))
SECRET = "Consultation with Dr. Canary"


def draft(**changes: object) -> EventDraft:
    made = EventDraft(
        event_id="0123456789abcdefghijklmnopqrstuv",
        booking="b1",
        epoch=1,
        interval=Interval(TOMORROW, TOMORROW + HOUR),
        zone=ZONE,
        title="Haircut: Ada",
        description="Ada\n+41 00",
    )
    return replace(made, **changes)


def created(world: ProviderWorld, wanted: EventDraft) -> EventRef:
    made = world.provider.create_event(world.token, world.calendar, wanted)

    assert isinstance(made, EventRef)
    return made


def retitled(world: ProviderWorld, event_id: str) -> object:
    wanted = draft(attendee=("ada@example.org", "Ada"), title="Other")
    return world.provider.update_event(
        world.token, world.calendar, event_id, wanted, changed=frozenset({"title"}), etag=None
    )


def deleted(world: ProviderWorld, event_id: str) -> None:
    world.provider.delete_event(world.token, world.calendar, event_id, notify=False)


def wish(name: str) -> ChannelRequest:
    return ChannelRequest(
        id=name,
        address="https://hooks.example.org/push",
        token="t:c:k:n:sig",
        created_at=NOW,
        expires_at=NOW + timedelta(days=30),
    )


def upserts(changes: tuple[object, ...]) -> list[ExternalEvent]:
    return [change.event for change in changes if isinstance(change, Upsert)]


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

        endless = {ahead} if world.provider.abilities.endless_feed else set()
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

        counted, page = world.provider.count(world.token, world.calendar, WINDOW, page=None)

        assert (counted, page) == (len(read(world).changes), None)


class Recurrence:
    """Series, occurrences, and days."""

    def expand(self, world: ProviderWorld, series: str, window: Interval = WINDOW) -> list[ExternalEvent]:
        page = world.provider.occurrences(
            world.token, world.calendar, series, window, detail=Detail.TIMES, page=None
        )

        assert not isinstance(page, Gone)
        assert (page.page, page.unreadable) == (None, 0)
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


class Writes:
    """Our own events."""

    @pytest.mark.pitfall(13)
    def test_putting_twice_is_one_event(self, world: ProviderWorld) -> None:
        """The second create finds the first one's event, and reading shows whose it is (pitfall 13)."""
        made = created(world, draft())
        again = world.provider.create_event(world.token, world.calendar, draft())
        event = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.FULL)

        assert again in {IdTaken(draft().event_id), made}
        assert list(world.ids()) == [made.id]
        assert isinstance(event, ExternalEvent)
        assert (event.marker, event.title) == (Marker("b1", 1), "Haircut: Ada")
        assert event.span == draft().interval

    @pytest.mark.pitfall(13)
    def test_a_lost_answer_leaves_one_event(self, world: ProviderWorld) -> None:
        """A create whose answer never came is repeated without a second event (pitfall 13)."""
        world.lose_answer()
        with pytest.raises(ProviderUnavailable):
            world.provider.create_event(world.token, world.calendar, draft())

        world.provider.create_event(world.token, world.calendar, draft())

        assert len(world.ids()) == 1

    @pytest.mark.pitfall(13)
    def test_an_event_answers_to_the_name_that_we_gave_it(self, world: ProviderWorld) -> None:
        """Where the provider's id never reached us, our name reads, changes and deletes it (pitfall 13)."""
        wanted, calendar = draft(event_id=OWN), world.calendar
        made = created(world, wanted)

        event = world.provider.get_event(world.token, calendar, OWN, detail=Detail.FULL)
        after = world.provider.update_event(
            world.token,
            calendar,
            OWN,
            replace(wanted, title="Other"),
            changed=frozenset({"title"}),
            etag=made.etag,
        )
        world.provider.delete_event(world.token, calendar, OWN, notify=False)
        gone = world.provider.get_event(world.token, calendar, OWN, detail=Detail.FULL)

        assert isinstance(event, ExternalEvent)
        assert (event.id, event.given_id, event.marker) == (made.id, OWN, Marker("b1", 1))
        assert isinstance(after, EventRef)
        assert (after.id, gone, list(world.ids())) == (made.id, Gone(OWN), [])

    @pytest.mark.pitfall(12)
    def test_a_copy_is_not_ours(self, world: ProviderWorld) -> None:
        """A copy keeps the marker, but not the name; the original is the one that is found (pitfall 12)."""
        made = created(world, draft(event_id=OWN))
        copied = world.copy(made.id)

        copy = world.provider.get_event(world.token, world.calendar, copied, detail=Detail.FULL)
        original = world.provider.get_event(world.token, world.calendar, OWN, detail=Detail.FULL)
        world.delete(made.id)
        gone = world.provider.get_event(world.token, world.calendar, OWN, detail=Detail.FULL)

        assert isinstance(copy, ExternalEvent)
        assert isinstance(original, ExternalEvent)
        assert (copy.marker, copy.given_id == OWN) == (Marker("b1", 1), False)
        assert (original.id, gone) == (made.id, Gone(OWN))

    @pytest.mark.pitfall(12)
    def test_live_questions_know_our_events(self, world: ProviderWorld) -> None:
        """In feeds and live answers alike an own event is recognised (pitfall 12)."""
        created(world, draft(event_id=OWN))

        listed = upserts(read(world, detail=Detail.TIMES).changes)
        (busy,) = world.provider.busy(world.token, [BusyRequest(world.calendar)], WINDOW)

        assert isinstance(busy, BusyPage)
        assert [event.given_id for event in (*listed, *busy.events)] == [OWN, OWN]
        assert [event.marker for event in busy.events] == [Marker("b1", 1)]

    @pytest.mark.pitfall(21)
    def test_only_the_named_fields_change(self, world: ProviderWorld) -> None:
        """Moving an event leaves the words that its owner wrote, and mails nobody (pitfall 21)."""
        made = created(world, draft(attendee=("ada@example.org", "Ada"), reminder=10))
        later = draft(interval=Interval(TOMORROW + HOUR, TOMORROW + 2 * HOUR), title="Other", reminder=99)

        after = world.provider.update_event(
            world.token, world.calendar, made.id, later, changed=frozenset({"time"}), etag=made.etag
        )

        stored = world.stored(made.id)
        assert isinstance(after, EventRef)
        assert stored is not None
        assert (stored.title, stored.reminder) == ("Haircut: Ada", 10)
        assert (stored.start, stored.end) == (TOMORROW + HOUR, TOMORROW + 2 * HOUR)
        assert world.mails() == 0

    def test_mail_goes_out_only_when_asked(self, world: ProviderWorld) -> None:
        """One notified write is one message to the attendee (pitfall 21)."""
        created(world, draft(attendee=("ada@example.org", "Ada"), notify=True))

        assert world.mails() == 1

    def test_the_attendee_can_be_accepted_for(self, world: ProviderWorld) -> None:
        """Option D5: the customer's answer is written with the invitation."""
        made = created(world, draft(attendee=("ada@example.org", "Ada"), accepted=True, notify=True))

        stored = world.stored(made.id)
        answer = "accepted" if world.provider.abilities.accepts_for_guests else "none"
        assert stored is not None
        assert stored.attendees == (("ada@example.org", answer),)

    @pytest.mark.pitfall(21)
    def test_a_silent_write_mails_nobody(self, world: ProviderWorld) -> None:
        """Guests are written, changed and deleted without a mail, or the provider refuses (pitfall 21)."""
        quiet = draft(attendee=("ada@example.org", "Ada"))
        told = replace(quiet, event_id=f"{quiet.event_id}2", notify=True)
        ids = [created(world, each).id for each in (quiet, told)]
        invited, silent = world.mails(), world.provider.abilities.silent_guests

        for event_id in ids:
            stored = world.stored(event_id)
            assert stored is not None
            for write in (retitled, deleted):
                if silent or not stored.attendees:
                    write(world, event_id)
                else:
                    with pytest.raises(Forbidden) as refused:
                        write(world, event_id)
                    assert refused.value.reason == "cannot_be_silent"

        assert (invited, world.mails()) == (1, 1)
        assert list(world.ids()) == ([] if silent else ids[1:])

    def test_a_state_that_we_did_not_see_is_not_overwritten(self, world: ProviderWorld) -> None:
        """With an old etag nothing is written (pitfall 22)."""
        made = created(world, draft())
        world.move(made.id, HOUR)

        after = world.provider.update_event(
            world.token, world.calendar, made.id, draft(), changed=frozenset({"time"}), etag=made.etag
        )

        stored = world.stored(made.id)
        assert after == Changed(made.id)
        assert stored is not None
        assert stored.start == TOMORROW + HOUR

    def test_what_the_owner_deleted_is_gone(self, world: ProviderWorld) -> None:
        """Reading and changing a deleted event both say so (pitfall 4)."""
        made = created(world, draft())
        world.delete(made.id)

        read_again = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.TIMES)
        changed = world.provider.update_event(
            world.token, world.calendar, made.id, draft(), changed=frozenset({"title"}), etag=None
        )

        assert (read_again, changed) == (Gone(made.id), Gone(made.id))

    def test_deleting_twice_is_fine(self, world: ProviderWorld) -> None:
        """A second delete, and one of an event that never was, succeed."""
        made = created(world, draft())

        for event_id in (made.id, made.id, "neverwas00"):
            world.provider.delete_event(world.token, world.calendar, event_id, notify=False)

        assert list(world.ids()) == []

    def test_an_export_calendar_comes_and_goes(self, world: ProviderWorld) -> None:
        """A calendar of our own is made, listed, and removed; removing it twice is fine."""
        made = world.provider.create_calendar(world.token, name="Bookings", zone=ZONE)
        listed = world.provider.list_calendars(world.token, page=None)
        ref = replace(world.calendar, provider_id=made)
        for _ in range(2):
            world.provider.delete_calendar(world.token, ref)

        after = world.provider.list_calendars(world.token, page=None)
        (entry,) = [entry for entry in listed.entries if entry.provider_id == made]
        assert (entry.name, entry.role, entry.zone in {ZONE, None}) == ("Bookings", Role.OWNER, True)
        assert made not in {entry.provider_id for entry in after.entries}

    def test_the_default_calendar_is_listed_as_such(self, world: ProviderWorld) -> None:
        """Exactly one calendar is the account's own."""
        entries = world.provider.list_calendars(world.token, page=None).entries

        assert [entry.provider_id for entry in entries if entry.primary] == [world.calendar.provider_id]


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


class ProviderContract(Feeds, Recurrence, Writes, Live, Channels, Troubles):
    """Everything; a provider's subclass brings the ``world`` fixture and its own table of refusals."""
