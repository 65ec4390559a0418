"""Live questions to Graph: batches, their failures, and their deadline."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from common.errors import (
    CalendarGone,
    GrantDoubted,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
)
from common.ports.provider import BusyPage, BusyRequest
from common.providers.microsoft.calendar import MicrosoftCalendar
from common.providers.microsoft.client import GraphClient
from local.microsoft import MicrosoftServer
from tests.contract.provider.microsoft_world import (
    ADA,
    MicrosoftWorld,
)
from tests.contract.provider.suite_setup import HOUR, TOMORROW
from tests.contract.provider.world import WINDOW


@pytest.fixture
def world() -> Iterator[MicrosoftWorld]:
    made = MicrosoftWorld()
    yield made
    made.close()


@pytest.mark.pitfall(1)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"action": "rewrite", "remove": ["value"]}, UnexpectedReply),
        ({"action": "rewrite", "change": {"@odata.nextLink": "https://evil.example/"}}, UnexpectedReply),
        ({"action": "status", "status": 429, "reason": "ApplicationThrottled"}, RateLimited),
        ({"action": "status", "status": 404, "reason": "ErrorItemNotFound"}, CalendarGone),
        ({"action": "status", "status": 401}, GrantDoubted),
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
        moment = {"dateTime": "2026-10-09T10:00:00", "timeZone": "UTC"}
        bodies = [{"start": moment, "end": moment}] * 250
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
