import asyncio
import warnings
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from azure.core.credentials import AccessToken
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)

from local.microsoft.push.delivery import post
from tests.local.microsoft.driver import ADA, WINDOW
from tests.local.microsoft.webhook_server import webhook_server

with warnings.catch_warnings():
    # The client warns of its own code when it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.generated.models.day_of_week import DayOfWeek
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.event_type import EventType
    from msgraph.generated.models.free_busy_status import FreeBusyStatus
    from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
    from msgraph.generated.models.recurrence_pattern import RecurrencePattern
    from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
    from msgraph.generated.models.recurrence_range import RecurrenceRange
    from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
    from msgraph.generated.models.subscription import Subscription
    from msgraph.generated.users.item.calendars.item.calendar_view.delta.delta_request_builder import (
        DeltaRequestBuilder,
    )
    from msgraph.graph_request_adapter import options
    from msgraph_core import GraphClientFactory

SCOPES = ["Calendars.ReadWrite", "User.Read"]


class Static:
    """A credential with one fixed token."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.token, int((datetime.now(UTC) + timedelta(hours=1)).timestamp()))


@contextmanager
def sdk(server, token):
    """Microsoft's own client (msgraph-sdk), with the simulator as its Graph."""
    provider = AzureIdentityAuthenticationProvider(
        Static(token), scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["127.0.0.1"]
    )
    plain = httpx.AsyncClient(trust_env=False, timeout=10, base_url=server.graph_endpoint)
    client = GraphClientFactory.create_with_default_middleware(client=plain, options=options)
    adapter = GraphRequestAdapter(provider, client=client)
    adapter.base_url = server.graph_endpoint
    yield GraphServiceClient(request_adapter=adapter), client


def at(text, zone="W. Europe Standard Time"):
    return DateTimeTimeZone(date_time=text, time_zone=zone)


def prefer(*wishes):
    headers = HeadersCollection()
    for each in wishes:
        headers.add("Prefer", each)
    return headers


IMMUTABLY = RequestConfiguration(headers=prefer('IdType="ImmutableId"'))


def weekly_haircut():
    """The body of a recurring event, built of Microsoft's own classes."""
    first = datetime(2026, 10, 5, tzinfo=UTC).date()
    pattern = RecurrencePattern(
        type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Monday]
    )
    endless = RecurrenceRange(type=RecurrenceRangeType.NoEnd, start_date=first)
    return Event(
        subject="Haircut",
        start=at("2026-10-05T10:00:00"),
        end=at("2026-10-05T11:00:00"),
        recurrence=PatternedRecurrence(pattern=pattern, range=endless),
        show_as=FreeBusyStatus.Busy,
        is_reminder_on=False,
        transaction_id="t-1",
    )


def subscribed(calendar, hook):
    """The body of a subscription to a calendar."""
    return Subscription(
        change_type="created,updated,deleted",
        notification_url=hook,
        resource=f"me/calendars/{calendar}/events",
        expiration_date_time=datetime(2026, 10, 5, tzinfo=UTC),
        client_state="secret",
    )


async def use_graph(graph, client, hook):
    """Do with Microsoft's own client what Slotbridge does with Graph."""
    me = await graph.me.get()
    calendar = (await graph.me.calendars.get()).value[0]
    inside = graph.me.calendars.by_calendar_id(calendar.id)
    made = await inside.events.post(weekly_haircut(), request_configuration=IMMUTABLY)
    beard = Event(subject="Beard", start=at("2026-10-06T10:00:00"), end=at("2026-10-06T11:00:00"))
    single = await inside.events.post(beard, request_configuration=IMMUTABLY)
    delta = inside.calendar_view.delta
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        start_date_time=WINDOW["startDateTime"], end_date_time=WINDOW["endDateTime"]
    )
    asked = RequestConfiguration(query_parameters=query, headers=IMMUTABLY.headers)
    first = await delta.get(asked)
    subscription = await graph.subscriptions.post(
        subscribed(calendar.id, hook), request_configuration=IMMUTABLY
    )
    await inside.events.by_event_id(single.id).patch(Event(subject="Beard and hair"))
    await inside.events.by_event_id(made.id).delete()
    changed = await delta.with_url(first.odata_delta_link).get(IMMUTABLY)
    with pytest.raises(APIError) as missing:
        await inside.events.by_event_id(made.id).get()
    await client.aclose()
    return me, made, first, subscription, changed, missing.value


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_microsofts_client_works(sim, server):
    """Calendars, events, recurrence, delta, subscriptions and errors work by msgraph-sdk over HTTP."""
    received = []
    token = sim.admin.grant(ADA, "client", SCOPES)["access_token"]
    sim.push.send = post
    with webhook_server(received) as hook, sdk(server, token) as (graph, client):
        me, made, first, subscription, changed, missing = asyncio.run(use_graph(graph, client, hook))
        sim.push.deliver()

    assert (ADA, "Haircut", EventType.SeriesMaster) == (me.mail, made.subject, made.type)
    assert {EventType.SeriesMaster: 1, EventType.Occurrence: 4, EventType.SingleInstance: 1} == Counter(
        each.type for each in first.value
    )
    assert "secret" == subscription.client_state
    assert {made.id} <= {each.id for each in changed.value if "@removed" in each.additional_data}
    assert ["Beard and hair"] == [each.subject for each in changed.value if each.subject]
    assert (404, "ErrorItemNotFound") == (missing.response_status_code, missing.error.code)
    kinds = [each["changeType"] for body in received for each in body["value"]]
    assert ["updated", "deleted"] == kinds
