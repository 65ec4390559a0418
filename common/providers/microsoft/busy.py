"""Live questions: up to twenty calendars in one request, each of them known or unknown by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from common.domain.calendar.event import Detail
from common.domain.calendar.interval import Interval
from common.errors import ProviderUnavailable, SyncError, UnexpectedReply
from common.ports.provider import BusyPage, BusyRequest
from common.providers.microsoft import list_events
from common.providers.microsoft.client import GraphClient, error_for
from common.providers.microsoft.event_structs import listing_of
from common.providers.microsoft.events_to_domain import GraphContext
from common.providers.microsoft.request_bodies import GraphRequest, Reply, read_refusal


def ask_busy(
    client: GraphClient,
    token: str,
    requests: Sequence[BusyRequest],
    window: Interval,
    *,
    detail: Detail = Detail.TIMES,
) -> tuple[BusyPage | SyncError, ...]:
    """One page of each calendar's taken times, or why they are not known: never an empty page instead.

    From the calendars' views and not from getSchedule, which knows neither personal accounts nor other
    calendars than the default one: https://learn.microsoft.com/graph/api/calendar-getschedule
    """
    try:
        questions = [
            list_events.view_request(one.calendar.provider_id, window, detail, one.page) for one in requests
        ]
        answers = ask_all(client, token, questions) if questions else ()
    except SyncError as error:
        return tuple(error for _ in requests)
    return tuple(
        answer if isinstance(answer, SyncError) else _page(client, answer, request, window, detail)
        for request, answer in zip(requests, answers, strict=True)
    )


def _page(
    client: GraphClient, reply: Reply, request: BusyRequest, window: Interval, detail: Detail
) -> BusyPage | SyncError:
    try:
        listing = listing_of(reply)
        events, _ = list_events.events_of(listing, GraphContext.of(request.calendar.zone, detail))
        following = list_events.checked_link(listing.next_link, own=client.own, page=request.page)
    except SyncError as error:
        return error
    return BusyPage(events=tuple(event for event in events if event.inside(window)), page=following)


# https://learn.microsoft.com/graph/json-batching
MOST = 20


def ask_all(
    client: GraphClient, token: str, questions: Sequence[GraphRequest]
) -> tuple[Reply | SyncError, ...]:
    """The answers to up to twenty live questions; the 200 around them says nothing of any of them.

    Raises:
        SyncError: The request as a whole was refused.
    """
    steps = [
        {"id": str(at), "method": ask.method, "url": client.relative(ask), "headers": dict(ask.headers)}
        for at, ask in enumerate(questions)
    ]
    reply = client.read(token, GraphRequest("POST", "/$batch", body={"requests": steps}), live=True)
    listed = reply.get("responses")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    heard = {str(one.get("id")): one for one in found}
    return tuple(_answer(heard.get(str(at))) for at in range(len(questions)))


def _answer(step: Mapping[str, Any] | None) -> Reply | SyncError:
    """One answer; one that is missing is never the same as an empty one."""
    status, body = (step.get("status"), step.get("body")) if step else (None, None)
    if not step or not isinstance(status, int):
        return UnexpectedReply("a calendar is missing from the answer", code="calendar_missing")
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        headers = step.get("headers")
        named = (
            {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
        )
        return error_for(read_refusal(status, named, body))
    if not isinstance(body, dict):
        return ProviderUnavailable("Graph's answer is not whole", code="unreadable_reply")
    return body
