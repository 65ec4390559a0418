from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.domain.calendar.event import Detail, ExternalEvent, Removal, SeriesTouched
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Cursor
from common.errors import (
    CursorExpired,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
)
from common.ports.provider import BusyPage, BusyRequest
from tests.contract.provider.microsoft_refusals import REFUSALS
from tests.contract.provider.microsoft_world import (
    ADA,
    BOB,
    MicrosoftWorld,
    local,
)
from tests.contract.provider.suite import ProviderContract
from tests.contract.provider.suite_setup import HOUR, TOMORROW, created, draft, upserts
from tests.contract.provider.world import WINDOW, read

DAY = timedelta(days=1)


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
    """An event with odd dates is read with its flaw, and so is the rest of the page."""
    good = world.enter(TOMORROW, TOMORROW + HOUR)
    world.simulator.add_fault("poison", method="calendarView.delta", event=poison)

    changes = read(world).changes

    assert [event.id for event in upserts(changes)] == [good, "p1"]
    assert [event.flaw is None for event in upserts(changes)] == [True, False]
