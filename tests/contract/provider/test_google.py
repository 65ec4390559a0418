from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from common.domain.calendar.connection import AccessRole
from common.domain.calendar.event import Detail, Gone, Unreadable
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Cursor
from common.domain.export.exported_event import EventRef, IdTaken
from common.errors import (
    CalendarGone,
    CursorExpired,
    Forbidden,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
)
from common.ports.provider import BusyPage, BusyRequest
from common.providers.google.calendar import GoogleCalendar
from common.providers.google.client import GoogleClient
from local.google import GoogleServer
from tests.contract.provider.google_refusals import REFUSALS
from tests.contract.provider.google_world import CLIENT, OTHER, OWNER, SCOPES, GoogleWorld
from tests.contract.provider.suite import ProviderContract
from tests.contract.provider.suite_setup import HOUR, TOMORROW, created, draft, upserts, wish
from tests.contract.provider.world import NOW, WINDOW, read


class TestGoogle(ProviderContract):
    """Google Calendar through its simulator."""

    @pytest.fixture
    def world(self) -> Iterator[GoogleWorld]:
        made = GoogleWorld()
        yield made
        made.close()

    @pytest.mark.pitfall(20)
    @pytest.mark.parametrize("row", REFUSALS, ids=lambda row: "-".join(map(str, row[:3])))
    def test_every_refusal_raises_its_class(
        self, world: GoogleWorld, row: tuple[int, str, str, type[SyncError], str]
    ) -> None:
        """The reason decides, not the status: a 403 is four different things (pitfall 20)."""
        status, reason, shape, error, code = row
        world.simulator.add_fault("status", status=status, reason=reason, shape=shape)

        with pytest.raises(SyncError) as raised:
            read(world)

        assert (type(raised.value), raised.value.reason) == (error, code)
        assert OWNER not in str(raised.value)

    @pytest.mark.pitfall(20)
    def test_the_named_pause_is_kept(self, world: GoogleWorld) -> None:
        """Retry-After reaches whoever schedules the next attempt (pitfall 20)."""
        world.simulator.add_fault("status", status=429, reason="rateLimitExceeded", retry_after="37")

        with pytest.raises(RateLimited) as raised:
            read(world)

        assert raised.value.retry_after == 37.0

    def test_a_lost_page_token_starts_over(self, world: GoogleWorld) -> None:
        """A page token that is not taken any more means a fresh listing, not a broken feed."""
        world.fill(600)
        page = world.provider.changes(world.token, world.calendar, Cursor.start(WINDOW), detail=Detail.TIMES)
        world.simulator.admin.forget_page_tokens()

        with pytest.raises(CursorExpired):
            read(world, page.next)

    @pytest.mark.pitfall(5)
    @pytest.mark.parametrize("token", [None, "", 7])
    def test_a_listing_without_a_token_is_not_over(self, world: GoogleWorld, token: object) -> None:
        """A last page that brings no sync token would leave the feed without a future (pitfall 5)."""
        world.simulator.add_fault("rewrite", change={"nextSyncToken": token})

        with pytest.raises(UnexpectedReply) as raised:
            read(world)

        assert raised.value.reason == "no_sync_token"

    @pytest.mark.pitfall(24)
    def test_a_hidden_calendar_is_still_there(self, world: GoogleWorld) -> None:
        """Hiding a calendar from view is not losing it (pitfall 24)."""
        world.simulator.admin.add_calendar(OWNER, "Hidden", calendar_id="hidden@x")
        request = world.client.service.calendarList().patch(calendarId="hidden@x", body={"hidden": True})
        token = world.simulator.admin.grant(OWNER, CLIENT, ["calendar"])["access_token"]
        world.client.read(token, request)

        listed = world.provider.list_calendars(world.token, page=None).entries

        assert "hidden@x" in {entry.provider_id for entry in listed}

    @pytest.mark.parametrize("change", ["unshare", "demote"])
    @pytest.mark.pitfall(4)
    def test_lost_access_proves_no_deletion(self, world: GoogleWorld, change: str) -> None:
        """An event of a calendar that we may not read any more is not gone (pitfall 4)."""
        admin = world.simulator.admin
        admin.share(OTHER, OWNER, "writer")
        shared = replace(world.calendar, provider_id=OTHER, role=AccessRole.WRITER)
        made = world.provider.create_event(world.token, shared, draft())
        assert isinstance(made, EventRef)
        if change == "unshare":
            admin.unshare(OTHER, OWNER)
        else:
            admin.share(OTHER, OWNER, "freeBusyReader")
            world.simulator.add_fault("status", method="events.get", status=404, reason="notFound")

        with pytest.raises(CalendarGone):
            world.provider.get_event(world.token, shared, made.id, detail=Detail.TIMES)

    @pytest.mark.parametrize(
        "poison",
        [
            {"id": "p1"},
            {"id": "p1", "start": "never", "end": 7},
            {"id": "p1", "start": {"dateTime": "soon"}, "end": {"dateTime": "later"}},
            {"id": "p1", "start": {"date": "2026-10-09"}, "end": {"date": "2026-10-08"}},
            {
                "id": "p1",
                "start": {"dateTime": "2026-10-09T10:00:00Z"},
                "end": {"dateTime": "2026-10-09T09:00:00Z"},
            },
        ],
    )
    def test_one_bad_event_never_stops_its_page(self, world: GoogleWorld, poison: dict[str, object]) -> None:
        """An event with odd dates is read with its flaw, and so is the rest of the page."""
        good = world.enter(TOMORROW, TOMORROW + HOUR)
        world.simulator.add_fault("poison", event=poison)

        changes = read(world).changes

        assert [event.id for event in upserts(changes)] == [good, "p1"]
        assert [event.flaw is None for event in upserts(changes)] == [True, False]

    @pytest.mark.parametrize("poison", [{"status": "confirmed"}, 7])
    def test_what_has_no_id_is_counted(self, world: GoogleWorld, poison: object) -> None:
        """Nothing can be kept of it, and the page goes on."""
        good = world.enter(TOMORROW, TOMORROW + HOUR)
        world.simulator.add_fault("poison", event=poison)

        changes = read(world).changes

        assert [event.id for event in upserts(changes)] == [good]
        assert [change.id for change in changes if isinstance(change, Unreadable)] == [""]

    def test_a_bad_event_costs_only_its_own_time(self, world: GoogleWorld) -> None:
        """All other events of the calendar are known as ever."""
        good = world.enter(TOMORROW, TOMORROW + HOUR)
        world.simulator.add_fault("poison")

        (answer,) = world.provider.busy(world.token, [BusyRequest(world.calendar)], WINDOW)

        assert isinstance(answer, BusyPage)
        assert [event.id for event in answer.events] == [good]

    @pytest.mark.parametrize("odd", [7, {}, {"start": "soon"}, {"start": "2026-10-09T10:00:00Z"}])
    def test_a_bad_time_among_free_and_busy_costs_only_itself(self, world: GoogleWorld, odd: object) -> None:
        """The calendar's other taken times are known as ever."""
        fine = {"start": TOMORROW.isoformat(), "end": (TOMORROW + HOUR).isoformat()}
        world.simulator.add_fault(
            "rewrite", method="freebusy.query", change={"calendars": {OTHER: {"busy": [odd, fine]}}}
        )

        (answer,) = world.provider.busy(world.token, [BusyRequest(world.blind)], WINDOW)

        assert isinstance(answer, BusyPage)
        assert [event.span for event in answer.events if event.span] == [Interval(TOMORROW, TOMORROW + HOUR)]

    @pytest.mark.pitfall(1)
    @pytest.mark.parametrize(
        ("change", "remove", "error"),
        [
            ({"calendars": {OTHER: 1}}, [], UnexpectedReply),
            ({"calendars": {OWNER: {"busy": []}}}, [], UnexpectedReply),
            ({"calendars": {OTHER: {"busy": [], "errors": 7}}}, [], UnexpectedReply),
            ({}, ["calendars"], UnexpectedReply),
            ({"calendars": {OTHER: {"busy": [], "errors": [{"reason": "notFound"}]}}}, [], CalendarGone),
            (
                {"calendars": {OTHER: {"busy": [], "errors": [{"reason": "internalError"}]}}},
                [],
                ProviderUnavailable,
            ),
            ({"calendars": {OTHER: {"busy": [], "errors": [{"reason": "new"}]}}}, [], UnexpectedReply),
            ({"calendars": {OTHER: {"busy": [], "errors": "odd"}}}, [], UnexpectedReply),
        ],
    )
    def test_a_calendar_that_failed_inside_a_200_is_unknown(
        self,
        world: GoogleWorld,
        change: dict[str, object],
        remove: list[str],
        error: type[SyncError],
    ) -> None:
        """Free/busy failures come per calendar, with an empty list of busy times beside them (pitfall 1)."""
        world.simulator.add_fault("rewrite", change=change, remove=remove)

        (answer,) = world.provider.busy(world.token, [BusyRequest(world.blind)], Interval(NOW, NOW + HOUR))

        assert type(answer) is error

    @pytest.mark.pitfall(19)
    def test_an_optional_permission_never_costs_the_connection(self, world: GoogleWorld) -> None:
        """Without the free/busy scope that calendar is unknown; the grant is not dead (pitfall 19)."""
        token = world.simulator.admin.grant(OWNER, CLIENT, SCOPES[:2])["access_token"]

        (answer,) = world.provider.busy(token, [BusyRequest(world.blind)], WINDOW)

        assert isinstance(answer, Forbidden)
        assert answer.reason == "free_busy_scope"

    def test_a_calendar_that_cannot_push_says_so(self, world: GoogleWorld) -> None:
        """Holidays and the like are polled."""
        made = world.simulator.admin.add_calendar(OWNER, "Holidays", can_be_watched=False)
        ref = replace(world.calendar, provider_id=made)

        with pytest.raises(Forbidden) as raised:
            world.provider.watch(world.token, ref, wish("c1"))

        assert raised.value.reason == "push_unsupported"

    def test_an_id_is_never_used_again(self, world: GoogleWorld) -> None:
        """After a deletion by a program the id stays taken; status confirmed brings the event back."""
        world.simulator.admin.set_setting("refuse_updates_of_ui_deleted", False)
        made = created(world, draft())
        world.delete(made.id)

        again = world.provider.create_event(world.token, world.calendar, draft())
        revived = world.provider.update_event(
            world.token, world.calendar, made.id, draft(), changed=frozenset({"status", "title"}), etag=None
        )

        assert again == IdTaken(made.id)
        assert isinstance(revived, EventRef)
        assert list(world.ids()) == [made.id]

    def test_an_event_that_was_made_a_day_becomes_timed_again(self, world: GoogleWorld) -> None:
        """Our time replaces the owner's date; Google refuses an event with both."""
        made = created(world, draft())
        days = {"start": {"date": "2026-10-08", "dateTime": None, "timeZone": None}}
        days["end"] = {**days["start"], "date": "2026-10-09"}
        world.simulator.owner.edit_event(OWNER, made.id, days)

        after = world.provider.update_event(
            world.token, world.calendar, made.id, draft(), changed=frozenset({"time"}), etag=None
        )

        stored = world.stored(made.id)
        assert isinstance(after, EventRef)
        assert stored is not None
        assert stored.start == TOMORROW

    def test_a_purged_event_is_gone(self, world: GoogleWorld) -> None:
        """A 404 in a calendar that can be read proves that the event is gone."""
        made = created(world, draft())
        world.delete(made.id)
        world.simulator.owner.purge(OWNER, made.id)

        assert world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.TIMES) == Gone(
            made.id
        )

    @pytest.mark.pitfall(13)
    def test_the_library_sends_twice_and_one_event_stays(self, socket_enabled: None) -> None:
        """httplib2 repeats a POST whose connection was cut; our id makes that harmless (pitfall 13)."""
        world = GoogleWorld()
        with GoogleServer(world.simulator) as server:
            client = GoogleClient(endpoint=server.calendar_endpoint)
            world.simulator.add_fault("drop_after", method="events.insert")
            answer = GoogleCalendar(client).create_event(world.token, world.calendar, draft())
            calls = [call for call in world.simulator.admin.calls() if call["method"] == "events.insert"]
            client.close()
        world.client.close()

        assert (answer, len(calls)) == (IdTaken(draft().event_id), 2)
        assert world.ids() == [draft().event_id]

    @pytest.mark.pitfall(3)
    def test_a_live_question_gives_up_at_its_deadline(self, socket_enabled: None) -> None:
        """A provider that hangs costs a slot list its deadline and no more (pitfall 3)."""
        world = GoogleWorld()
        with GoogleServer(world.simulator) as server:
            client = GoogleClient(endpoint=server.calendar_endpoint, live_timeout=0.2)
            world.simulator.add_fault("slow", seconds=1.0)
            requests = [BusyRequest(world.calendar)]
            (late,) = GoogleCalendar(client).busy(world.token, requests, WINDOW)
            (fine,) = GoogleCalendar(client).busy(world.token, requests, WINDOW)
            client.close()
        world.client.close()

        assert isinstance(late, ProviderUnavailable)
        assert isinstance(fine, BusyPage)
