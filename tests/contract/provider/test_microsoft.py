from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.domain.booking import Changed, EventRef, IdTaken
from common.domain.event import Detail, ExternalEvent, Gone, Removal, SeriesTouched, Unreadable
from common.domain.feed import Cursor
from common.domain.interval import Interval
from common.errors import (
    CalendarGone,
    Conflict,
    CursorExpired,
    Forbidden,
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    Stop,
    SyncError,
    UnexpectedReply,
    UsageExhausted,
)
from common.ports.provider import BusyPage, BusyRequest
from common.providers.microsoft.calendar import MicrosoftCalendar
from common.providers.microsoft.client import GraphClient
from local.microsoft import MicrosoftServer
from tests.contract.provider.microsoft_world import (
    ADA,
    BOB,
    CLIENT,
    SCOPES,
    WINDOWS_ZONE,
    MicrosoftWorld,
    local,
)
from tests.contract.provider.suite import HOUR, OWN, TOMORROW, ProviderContract, created, draft, upserts, wish
from tests.contract.provider.world import NOW, WINDOW, read

DAY = timedelta(days=1)

# https://learn.microsoft.com/graph/errors, and what others reported.
REFUSALS: list[tuple[int, str, str, type[SyncError], str]] = [
    (400, "ErrorInvalidRequest", "", UnexpectedReply, "unexpected_reply"),
    (400, "BadRequest", "", UnexpectedReply, "unexpected_reply"),
    (400, "TimeZoneNotSupportedException", "", UnexpectedReply, "time_zone"),
    (400, "ErrorInvalidIdMalformed", "", CalendarGone, "calendar_gone"),
    (400, "ErrorDeleteDistinguishedFolder", "", Forbidden, "default_calendar"),
    (400, "ValidationError", "", OperatorFault, "webhook_refused"),
    (400, "ExtensionError", "", Forbidden, "push_unsupported"),
    (401, "InvalidAuthenticationToken", "", GrantRevoked, "unauthorized"),
    (401, "unheardOf", "", GrantRevoked, "unauthorized"),
    (403, "ErrorAccessDenied", "", Forbidden, "forbidden"),
    (403, "accessDenied", "", Forbidden, "forbidden"),
    (403, "unheardOf", "", Forbidden, "forbidden"),
    (403, "insufficient_claims", "", GrantRevoked, "interaction_required"),
    (403, "ErrorInsufficientPermissionsInAccessToken", "", GrantRevoked, "scope_missing"),
    (404, "ErrorItemNotFound", "", CalendarGone, "calendar_gone"),
    (404, "itemNotFound", "", CalendarGone, "calendar_gone"),
    (404, "ResourceNotFound", "", CalendarGone, "calendar_gone"),
    (404, "MailboxNotEnabledForRESTAPI", "", Stop, "mailbox_unsupported"),
    (404, "unheardOf", "", UnexpectedReply, "unexpected_reply"),
    (408, "unheardOf", "", ProviderUnavailable, "provider_unavailable"),
    (409, "Conflict", "", Conflict, "conflict"),
    (409, "ErrorFolderExists", "", Forbidden, "name_taken"),
    (410, "Gone", "", CursorExpired, "cursor_expired"),
    (412, "ErrorIrresolvableConflict", "", Conflict, "event_busy"),
    (423, "locked", "", Conflict, "conflict"),
    (424, "FailedDependency", "", ProviderUnavailable, "provider_unavailable"),
    (429, "ApplicationThrottled", "", RateLimited, "rate_limited"),
    (429, "TooManyRequests", "", RateLimited, "rate_limited"),
    (429, "unheardOf", "", RateLimited, "rate_limited"),
    (503, "ApplicationThrottled", "", RateLimited, "rate_limited"),
    (503, "serviceNotAvailable", "MailboxConcurrency", RateLimited, "rate_limited"),
    (500, "ErrorInternalServerTransientError", "", ProviderUnavailable, "provider_unavailable"),
    (500, "generalException", "", ProviderUnavailable, "provider_unavailable"),
    (502, "BadGateway", "", ProviderUnavailable, "provider_unavailable"),
    (503, "ServiceUnavailable", "", ProviderUnavailable, "provider_unavailable"),
    (504, "UnknownError", "", ProviderUnavailable, "provider_unavailable"),
    (507, "quotaLimitReached", "", UsageExhausted, "mailbox_full"),
    (509, "bandwidthLimitExceeded", "", RateLimited, "rate_limited"),
    (418, "unheardOf", "", UnexpectedReply, "unexpected_reply"),
]


class TestMicrosoft(ProviderContract):
    """Microsoft Graph through its simulator, for work and personal accounts alike."""

    @pytest.fixture(params=[ADA, BOB], ids=["work", "personal"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[MicrosoftWorld]:
        made = MicrosoftWorld(request.param)
        yield made
        made.close()


@pytest.fixture
def world() -> Iterator[MicrosoftWorld]:
    made = MicrosoftWorld()
    yield made
    made.close()


@pytest.mark.pitfall(20)
@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: "-".join(map(str, row[:3])))
def test_every_refusal_raises_its_class(
    world: MicrosoftWorld, row: tuple[int, str, str, type[SyncError], str]
) -> None:
    """The code decides, wherever it stands, and the status where the code is unknown (pitfall 20)."""
    status, reason, inner, error, code = row
    world.simulator.add_fault(
        "status", method="calendarView.delta", status=status, reason=reason, inner=inner, message=ADA
    )

    with pytest.raises(SyncError) as raised:
        read(world)

    assert (type(raised.value), raised.value.reason) == (error, code)
    assert ADA not in str(raised.value)


@pytest.mark.pitfall(20)
@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, ProviderUnavailable)])
def test_the_named_pause_is_kept(world: MicrosoftWorld, status: int, kind: type[SyncError]) -> None:
    """Retry-After reaches whoever schedules the next attempt (pitfall 20)."""
    world.simulator.add_fault("status", method="calendarView.*", status=status, reason="x", retry_after="37")

    with pytest.raises(kind) as raised:
        read(world)

    assert getattr(raised.value, "retry_after", None) == 37.0


@pytest.mark.pitfall(6)
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("status", [400, 404, 409, 410])
@pytest.mark.parametrize(
    "code",
    ["SyncStateNotFound", "syncStateNotFound", "resyncRequired", "SyncStateInvalid", "SYNCSTATENOTFOUND"],
)
def test_a_lost_sync_state_is_known_however_it_is_spelled(
    world: MicrosoftWorld, *, code: str, status: int, nested: bool
) -> None:
    """Any spelling, in any place, with any status, means a fresh listing (pitfall 6)."""
    cursor = read(world).cursor
    world.simulator.admin.set_setting("sync_reset_code", code)
    world.simulator.admin.set_setting("sync_reset_status", status)
    world.simulator.admin.set_setting("sync_reset_nested", nested)
    world.expire_cursors()

    with pytest.raises(CursorExpired):
        read(world, cursor)


@pytest.mark.pitfall(6)
def test_a_lost_page_starts_over(world: MicrosoftWorld) -> None:
    """A next link that is not taken any more means a fresh listing, not a broken feed (pitfall 6)."""
    world.fill(250)
    page = world.provider.changes(world.token, world.calendar, Cursor.start(WINDOW), detail=Detail.TIMES)
    world.simulator.admin.forget_page_tokens()

    with pytest.raises(CursorExpired):
        read(world, page.next)


@pytest.mark.pitfall(14)
def test_an_empty_page_is_not_the_last(world: MicrosoftWorld) -> None:
    """A page without items but with a next link goes on (pitfall 14)."""
    entered = world.enter(TOMORROW, TOMORROW + HOUR)
    world.simulator.add_fault("page", method="calendarView.delta", page="empty")

    listing = read(world)

    assert [len(page.changes) for page in listing.pages] == [0, 1]
    assert [event.id for event in upserts(listing.changes)] == [entered]


def test_pages_that_go_in_circles_end(world: MicrosoftWorld) -> None:
    """A next link that leads to its own page is an error, not an endless task."""
    world.enter(TOMORROW, TOMORROW + HOUR)
    world.simulator.add_fault("page", method="calendarView.delta", page="loop", times=0)

    with pytest.raises(UnexpectedReply) as raised:
        read(world)

    assert raised.value.reason == "page_loop"


@pytest.mark.pitfall(25)
@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me/calendars",
        "http://graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com:8443/v1.0/me",
        "https://graph.microsoft.com@evil.example/v1.0/me",
        "https://graph.microsoft.com/beta/me",
        "//evil.example/v1.0/",
        7,
    ],
)
def test_a_token_goes_nowhere_but_to_graph(world: MicrosoftWorld, link: object) -> None:
    """A link to another scheme, host, port or version is never followed (pitfall 25)."""
    change = {"@odata.nextLink": link}
    world.simulator.add_fault("rewrite", method="calendarView.delta", change=change)
    with pytest.raises(UnexpectedReply):
        read(world)
    asked = len(world.recorder.asked)

    with pytest.raises(CursorExpired):
        read(world, Cursor(snapshot=False, window=WINDOW, token=str(link)))

    assert len(world.recorder.asked) == asked


@pytest.mark.pitfall(22)
@pytest.mark.pitfall(16)
def test_every_request_asks_for_the_same_ids_and_times(world: MicrosoftWorld) -> None:
    """Links do not hold headers: immutable ids and UTC are asked for on every page (pitfalls 16 and 22)."""
    world.fill(450)
    read(world)
    read(world, read(world).cursor)
    series = world.enter_weekly(TOMORROW, HOUR, count=3)
    for page in (None, "https://graph.microsoft.com/v1.0/me/calendars?$skip=10"):
        world.provider.list_calendars(world.token, page=page)
    world.provider.occurrences(world.token, world.calendar, series, WINDOW, detail=Detail.FULL, page=None)
    created(world, draft())

    preferred = world.recorder.preferred
    assert [one for one in preferred if 'IdType="ImmutableId"' not in one] == []
    assert [one for one in preferred if 'outlook.timezone="UTC"' not in one] == []
    assert sum("odata.maxpagesize=200" in one for one in preferred) >= 7


@pytest.mark.pitfall(7)
def test_what_leaves_the_window_is_no_deletion(world: MicrosoftWorld) -> None:
    """An event that is moved beyond the window looks removed, unproven; reading finds it (pitfall 7)."""
    moved = world.enter(TOMORROW, TOMORROW + HOUR)
    cursor = read(world).cursor
    world.move(moved, timedelta(days=400))

    changes = read(world, cursor).changes
    found = world.provider.get_event(world.token, world.calendar, moved, detail=Detail.TIMES)

    assert changes == (Removal(moved, proven=False),)
    assert isinstance(found, ExternalEvent)


def test_what_is_told_twice_is_harmless(world: MicrosoftWorld) -> None:
    """The same entry twice on a page, and a round told again, are the same state twice."""
    entered = world.enter(TOMORROW, TOMORROW + HOUR)
    world.simulator.admin.set_setting("duplicate_rows", value=True)

    listed = upserts(read(world).changes)

    assert [event.id for event in listed] == [entered, entered]
    assert listed[0] == listed[1]


@pytest.mark.pitfall(14)
def test_a_series_names_itself_once(world: MicrosoftWorld) -> None:
    """Master, bare occurrences and exceptions of one series ask for one reading (pitfall 14)."""
    series = world.enter_weekly(TOMORROW, HOUR, count=20)

    changes = read(world).changes

    assert [(change, change.id) for change in changes if isinstance(change, SeriesTouched)] == [
        (SeriesTouched(series), series)
    ]


@pytest.mark.pitfall(15)
@pytest.mark.parametrize("name", ["America/Los_Angeles", "Pacific/Auckland", "Europe/Zurich"])
def test_days_are_the_owners_wherever_the_owner_is(world: MicrosoftWorld, name: str) -> None:
    """Days come as midnights of the zone that was asked for and are never shifted (pitfall 15)."""
    place, (first, end) = ZoneInfo(name), (date(2026, 10, 24), date(2026, 10, 27))
    calendar = replace(world.calendar, zone=name)
    world.enter_days(first, end)
    window = Interval(datetime(2026, 10, 26, 12, tzinfo=place), datetime(2026, 10, 26, 13, tzinfo=place))

    (event,) = upserts(
        world.provider.changes(world.token, calendar, Cursor.start(WINDOW), detail=Detail.TIMES).changes
    )
    (busy,) = world.provider.busy(world.token, [BusyRequest(calendar)], window)

    assert event.all_day == (first, end)
    assert (event.start, event.end) == (
        datetime(2026, 10, 24, tzinfo=place),
        datetime(2026, 10, 27, tzinfo=place),
    )
    assert isinstance(busy, BusyPage)
    assert [each.span for each in busy.events] == [event.span]


@pytest.mark.pitfall(16)
@pytest.mark.parametrize("label", ["tzone://Microsoft/Custom", "Customized Time Zone", "", "Mars/Olympus"])
def test_an_odd_zone_costs_no_event(world: MicrosoftWorld, label: str) -> None:
    """Whatever an event calls its zone, its instants are asked for in UTC (pitfall 16)."""
    at = datetime(2026, 10, 6, 10, tzinfo=ZoneInfo("Europe/Zurich"))
    world.put({"start": local(at), "end": local(at + HOUR)}, zone_label=label)

    assert [event.span for event in upserts(read(world).changes)] == [Interval(at, at + HOUR)]


@pytest.mark.parametrize(
    "poison",
    [
        {"id": "p1"},
        {"id": "p1", "start": "never", "end": 7},
        {"id": "p1", "start": {"dateTime": "soon"}, "end": {"dateTime": "later"}},
        {"id": "p1", "isAllDay": True, "start": {"dateTime": "2026-10-09T00:00:00"}, "end": {"dateTime": 3}},
        {
            "id": "p1",
            "start": {"dateTime": "2026-10-09T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-10-09T09:00:00", "timeZone": "UTC"},
        },
    ],
)
def test_one_bad_event_never_stops_its_page(world: MicrosoftWorld, poison: dict[str, object]) -> None:
    """What cannot be understood is named, and the rest of the page is read."""
    good = world.enter(TOMORROW, TOMORROW + HOUR)
    world.simulator.add_fault("poison", method="calendarView.delta", event=poison)

    changes = read(world).changes

    assert [event.id for event in upserts(changes)] == [good]
    assert [change.id for change in changes if isinstance(change, Unreadable)] == ["p1"]


@pytest.mark.pitfall(1)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"action": "poison"}, UnexpectedReply),
        ({"action": "rewrite", "remove": ["value"]}, UnexpectedReply),
        ({"action": "rewrite", "change": {"@odata.nextLink": "https://evil.example/"}}, UnexpectedReply),
        ({"action": "status", "status": 429, "reason": "ApplicationThrottled"}, RateLimited),
        ({"action": "status", "status": 404, "reason": "ErrorItemNotFound"}, CalendarGone),
        ({"action": "status", "status": 401}, GrantRevoked),
        ({"action": "truncate"}, ProviderUnavailable),
        ({"action": "drop_before"}, ProviderUnavailable),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_failure_inside_a_batch_concerns_its_own_calendar(
    world: MicrosoftWorld, fault: dict[str, object], error: type[SyncError]
) -> None:
    """The 200 around a batch says nothing: one calendar is unknown, the other known (pitfall 1)."""
    other = world.simulator.admin.add_calendar(ADA, "Other")
    world.enter(TOMORROW, TOMORROW + HOUR)
    world.simulator.add_fault(method="calendarView.list", calendar=other, **fault)
    requests = [BusyRequest(replace(world.calendar, provider_id=other)), BusyRequest(world.calendar)]

    bad, good = world.provider.busy(world.token, requests, WINDOW)

    assert type(bad) is error
    assert isinstance(good, BusyPage)
    assert [event.start for event in good.events] == [TOMORROW]


@pytest.mark.pitfall(1)
@pytest.mark.parametrize("action", ["status", "drop_before", "truncate"])
def test_a_batch_that_fails_leaves_all_unknown(world: MicrosoftWorld, action: str) -> None:
    """Without an answer, none of the calendars is free (pitfall 1)."""
    world.simulator.add_fault(action, method="batch")

    answers = world.provider.busy(world.token, [BusyRequest(world.calendar)] * 3, WINDOW)

    assert [type(answer) for answer in answers] == [ProviderUnavailable] * 3


@pytest.mark.pitfall(3)
def test_twenty_calendars_cost_one_request(world: MicrosoftWorld) -> None:
    """All of an account's calendars are asked at once, and each page of them again at once (pitfall 3)."""
    made = [world.simulator.admin.add_calendar(ADA, f"Calendar {number}") for number in range(20)]
    requests = [BusyRequest(replace(world.calendar, provider_id=each)) for each in made]
    assert len(requests) == world.provider.busy_batch
    for each in made[:2]:
        bodies = [{"start": start, "end": start} for start in [{"dateTime": "2026-10-09T10:00:00"}] * 250]
        world.simulator.admin.bulk_load(each, bodies)
    asked = len(world.recorder.asked)

    first = world.provider.busy(world.token, requests, WINDOW)
    following = [
        BusyRequest(request.calendar, page.page)
        for request, page in zip(requests, first, strict=True)
        if isinstance(page, BusyPage) and page.page
    ]
    second = world.provider.busy(world.token, following, WINDOW)

    assert len(world.recorder.asked) == asked + 2
    assert [len(page.events) for page in first if isinstance(page, BusyPage)] == [200, 200] + [0] * 18
    assert [len(page.events) for page in second if isinstance(page, BusyPage)] == [50, 50]


@pytest.mark.pitfall(3)
def test_a_live_question_gives_up_at_its_deadline(socket_enabled: None) -> None:
    """A provider that hangs costs a slot list its deadline and no more (pitfall 3)."""
    world = MicrosoftWorld()
    with MicrosoftServer(world.simulator) as server:
        client = GraphClient(endpoint=server.graph_endpoint, live_timeout=0.2)
        world.simulator.add_fault("slow", seconds=1.0)
        requests = [BusyRequest(world.calendar)]
        (late,) = MicrosoftCalendar(client).busy(world.token, requests, WINDOW)
        (fine,) = MicrosoftCalendar(client).busy(world.token, requests, WINDOW)
        client.close()
    world.client.close()

    assert isinstance(late, ProviderUnavailable)
    assert isinstance(fine, BusyPage)


@pytest.mark.pitfall(13)
def test_a_repeated_create_never_passes_for_the_newer_state(world: MicrosoftWorld) -> None:
    """Where the first attempt wrote another state, it is read before anything is believed (pitfall 13)."""
    world.lose_answer()
    with pytest.raises(ProviderUnavailable):
        world.provider.create_event(world.token, world.calendar, draft(event_id=OWN))

    moved = draft(event_id=OWN, interval=Interval(TOMORROW + HOUR, TOMORROW + 2 * HOUR))
    again = world.provider.create_event(world.token, world.calendar, moved)

    assert again == IdTaken(OWN)
    assert len(world.ids()) == 1


@pytest.mark.pitfall(22)
def test_a_conflict_that_nobody_asked_about_is_a_change(world: MicrosoftWorld) -> None:
    """Exchange answers 412 even without a condition, when it touches an event itself (pitfall 22)."""
    made = created(world, draft())
    world.simulator.add_fault("status", method="events.update", status=412)

    after = world.provider.update_event(
        world.token, world.calendar, made.id, draft(), changed=frozenset({"title"}), etag=None
    )

    assert after == Changed(made.id)


@pytest.mark.pitfall(12)
def test_a_state_that_exchange_touched_itself_has_the_same_content(world: MicrosoftWorld) -> None:
    """Another change key, and nothing else that could be taken for an edit (pitfall 12)."""
    made = created(world, draft())
    before = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.FULL)
    world.simulator.admin.bump(world.id, made.id)
    after = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.FULL)

    assert isinstance(before, ExternalEvent)
    assert isinstance(after, ExternalEvent)
    assert after.etag != before.etag
    assert replace(after, etag=before.etag, updated=before.updated) == before


@pytest.mark.pitfall(22)
def test_an_event_keeps_its_id_in_another_calendar(world: MicrosoftWorld) -> None:
    """Moved by its owner, it is gone here and found there by the same id (pitfall 22)."""
    made = created(world, draft())
    other = replace(world.calendar, provider_id=world.simulator.admin.add_calendar(ADA, "Other"))
    world.simulator.owner.move_to_calendar(world.id, made.id, other.provider_id)

    here = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.FULL)
    there = world.provider.get_event(world.token, other, made.id, detail=Detail.FULL)

    assert here == Gone(made.id)
    assert isinstance(there, ExternalEvent)
    assert there.title == "Haircut: Ada"


def test_an_event_that_was_made_a_day_becomes_timed_again(world: MicrosoftWorld) -> None:
    """Our time replaces the owner's days."""
    made = created(world, draft())
    days = {
        name: {"dateTime": f"2026-10-0{day}T00:00:00", "timeZone": WINDOWS_ZONE}
        for name, day in (("start", 8), ("end", 9))
    }
    world.simulator.owner.edit_event(world.id, made.id, {"isAllDay": True, **days})

    after = world.provider.update_event(
        world.token, world.calendar, made.id, draft(), changed=frozenset({"time"}), etag=None
    )

    stored = world.stored(made.id)
    assert isinstance(after, EventRef)
    assert stored is not None
    assert stored.start == TOMORROW


@pytest.mark.parametrize("changed", [frozenset({"attendee"}), frozenset({"status"}), frozenset()])
def test_what_cannot_be_changed_is_no_write(world: MicrosoftWorld, changed: frozenset[str]) -> None:
    """A change that Graph cannot make, or not silently, leaves the event and says how it is."""
    made = created(world, draft())
    wanted = draft(attendee=("ada@example.org", "Ada"))

    after = world.provider.update_event(
        world.token, world.calendar, made.id, wanted, changed=changed, etag=made.etag
    )

    assert after == made
    assert world.mails() == 0


@pytest.mark.pitfall(21)
def test_a_reminder_of_ones_own_is_mailed_to_nobody(world: MicrosoftWorld) -> None:
    """What only the owner sees can be changed silently, guests or not (pitfall 21)."""
    invited = draft(attendee=("ada@example.org", "Ada"), notify=True)
    made = created(world, invited)
    quiet = replace(invited, notify=False, reminder=30)

    world.provider.update_event(
        world.token, world.calendar, made.id, quiet, changed=frozenset({"reminder"}), etag=made.etag
    )

    stored = world.stored(made.id)
    assert stored is not None
    assert (stored.reminder, len(stored.attendees)) == (30, 1)


@pytest.mark.parametrize(("reminder", "shown"), [(None, 15), (0, 0), (10, 10), (-5, 0), (10**6, 40_320)])
def test_the_reminder_is_always_said(world: MicrosoftWorld, reminder: int | None, shown: int) -> None:
    """D6: minutes, or the mailbox's own default."""
    made = created(world, draft(reminder=reminder))

    stored = world.stored(made.id)
    assert stored is not None
    assert stored.reminder == shown
    assert '"isReminderOn": true' in world.recorder.asked[-1]


@pytest.mark.parametrize("question", ["read", "list", "busy", "watch"])
def test_a_mailbox_that_graph_does_not_serve_says_so(world: MicrosoftWorld, question: str) -> None:
    """On-premises and inactive mailboxes are a state of their own, not a missing calendar."""
    world.simulator.admin.set_mailbox_error(ADA)
    ask = {
        "read": lambda: read(world),
        "list": lambda: world.provider.list_calendars(world.token, page=None),
        "busy": lambda: world.provider.busy(world.token, [BusyRequest(world.calendar)], WINDOW)[0],
        "watch": lambda: world.provider.watch(world.token, world.calendar, wish("c1")),
    }[question]

    try:
        refused = ask()
    except SyncError as error:
        refused = error

    assert type(refused) is Stop
    assert refused.reason == "mailbox_unsupported"


def test_a_calendar_whose_name_is_taken_is_refused_for_good(world: MicrosoftWorld) -> None:
    """Trying again would not help: the owner is told instead."""
    world.provider.create_calendar(world.token, name="Bookings", zone="Europe/Zurich")

    with pytest.raises(Forbidden) as raised:
        world.provider.create_calendar(world.token, name="Bookings", zone="Europe/Zurich")

    assert raised.value.reason == "name_taken"


def test_the_default_calendar_cannot_be_removed(world: MicrosoftWorld) -> None:
    """A calendar that is not ours to remove stays, and that is said."""
    with pytest.raises(Forbidden):
        world.provider.delete_calendar(world.token, world.calendar)


def test_calendars_are_listed_with_what_may_be_done_in_them(world: MicrosoftWorld) -> None:
    """Own, read-only and shared calendars have their own roles; all pages are followed."""
    admin = world.simulator.admin
    admin.add_calendar(ADA, "Holidays", can_edit=False)
    admin.share(BOB, ADA, can_edit=True)
    for number in range(105):
        admin.add_calendar(ADA, f"Calendar {number}")

    first = world.provider.list_calendars(world.token, page=None)
    second = world.provider.list_calendars(world.token, page=first.page)

    entries = [*first.entries, *second.entries]
    roles = [entry.role.value for entry in entries]
    assert (len(entries), second.page) == (108, None)
    assert (roles.count("reader"), roles.count("writer_without_private"), roles.count("owner")) == (1, 1, 106)
    assert {entry.zone for entry in entries} == {None}


def test_a_shared_calendar_cannot_push(world: MicrosoftWorld) -> None:
    """Subscriptions reach no further than the own mailbox."""
    shared = world.simulator.admin.share(BOB, ADA, can_edit=True)

    with pytest.raises(Forbidden):
        world.provider.watch(world.token, replace(world.calendar, provider_id=shared), wish("c1"))


@pytest.mark.pitfall(8)
@pytest.mark.pitfall(9)
def test_a_subscription_says_where_to_report_what(world: MicrosoftWorld) -> None:
    """One calendar, all kinds of change, both kinds of message, our token, immutable ids (pitfalls 8, 9)."""
    channel = world.provider.watch(world.token, world.calendar, wish("c1"))

    (held,) = world.simulator.inspect.subscriptions()
    assert held["resource"].endswith("/events")
    assert held["calendar"] == world.id
    assert set(held["change_type"].split(",")) == {"created", "updated", "deleted"}
    assert held["notification_url"] == held["lifecycle_url"] == wish("c1").address
    assert held["immutable"]
    assert channel.expires_at == NOW + timedelta(minutes=10_000)


@pytest.mark.pitfall(8)
def test_a_life_is_prolonged_no_further_than_graph_allows(world: MicrosoftWorld) -> None:
    """The wish is cut to what Graph grants, and the end is the one that it answers (pitfall 8)."""
    channel = world.provider.watch(world.token, world.calendar, wish("c1"))
    world.clock.at = NOW + 5 * DAY
    token = world.simulator.admin.grant(ADA, CLIENT, SCOPES)["access_token"]

    longer = world.provider.renew(token, channel, now=world.clock.at, until=world.clock.at + 30 * DAY)

    assert longer == replace(channel, expires_at=world.clock.at + timedelta(minutes=10_000))


@pytest.mark.pitfall(8)
def test_a_webhook_that_does_not_answer_is_the_operators(world: MicrosoftWorld) -> None:
    """Graph refuses an address that does not prove itself; no user is to blame."""
    request = replace(wish("c1"), address="http://hooks.example.org/push")

    with pytest.raises(OperatorFault):
        world.provider.watch(world.token, world.calendar, request)
