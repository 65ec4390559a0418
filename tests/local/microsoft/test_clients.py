import asyncio
import json
import threading
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import msal
import pytest
import requests
from azure.core.credentials import AccessToken
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)

from local.microsoft import MicrosoftServer
from local.microsoft.delivery import post
from tests.local.microsoft.driver import ADA, BOB, WINDOW, timed

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

LOGIN = "https://login.microsoftonline.com"
CALLBACK = "https://app.example.test/cb"
SCOPES = ["Calendars.ReadWrite", "User.Read"]


@pytest.fixture
def server(sim):
    with MicrosoftServer(sim) as running:
        yield running


class Rewriting:
    """The http_client that msal is given: its https addresses lead to the simulator."""

    def __init__(self, origin):
        self.origin = origin
        self.session = requests.Session()
        self.session.trust_env = False

    def _address(self, url):
        assert url.startswith(LOGIN)
        return self.origin + url.removeprefix(LOGIN)

    def get(self, url, **options):
        return self.session.get(self._address(url), timeout=10, **options)

    def post(self, url, **options):
        return self.session.post(self._address(url), timeout=10, **options)

    def close(self):
        self.session.close()


@pytest.fixture
def transport(server):
    made = Rewriting(server.login_endpoint)
    yield made
    made.close()


def application(transport, tenant="common", *, discover=False):
    return msal.ConfidentialClientApplication(
        "client",
        client_credential="secret",
        authority=f"{LOGIN}/{tenant}",
        instance_discovery=None if discover else False,
        http_client=transport,
    )


def signed_in(sim, app, account=ADA):
    flow = app.initiate_auth_code_flow(
        SCOPES, redirect_uri=CALLBACK, state="state-1", response_mode="form_post"
    )
    back = sim.consent(flow["auth_uri"], account=account)
    return app.acquire_token_by_auth_code_flow(
        flow, {name: found[0] for name, found in parse_qs(urlsplit(back).query).items()}
    )


@pytest.mark.parametrize("account", [ADA, BOB])
@pytest.mark.parametrize("discover", [True, False])
def test_msal_signs_in(sim, transport, account, discover):
    """Discovery, PKCE, nonce and client_info satisfy msal, for work and personal accounts."""
    app = application(transport, discover=discover)
    result = signed_in(sim, app, account)

    assert account == result["id_token_claims"]["preferred_username"]
    assert set(SCOPES) <= set(result["scope"].split())
    assert [account] == [each["username"] for each in app.get_accounts()]
    found = app.acquire_token_silent_with_error(SCOPES, app.get_accounts()[0], force_refresh=True)
    assert found["access_token"] != result["access_token"]


def test_msal_sees_refusals(sim, transport):
    """A refused user, a revoked grant, a policy and a bad minute, as msal reports them."""
    app = application(transport)
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK, response_mode="form_post")
    back = sim.consent(flow["auth_uri"], account=ADA, decision="cancel")
    denied = app.acquire_token_by_auth_code_flow(
        flow, {name: found[0] for name, found in parse_qs(urlsplit(back).query).items()}
    )
    token = signed_in(sim, app)["refresh_token"]
    sim.admin.conditional_access(ADA)
    policy = app.acquire_token_by_refresh_token(token, SCOPES)
    sim.admin.revoke_grant(ADA)
    # A new application: msal remembers refusals for a minute.
    revoked = application(transport).acquire_token_by_refresh_token(token, SCOPES)

    assert ["access_denied", "interaction_required", "invalid_grant"] == [
        each["error"] for each in (denied, policy, revoked)
    ]
    assert ([50076], [50173], "basic_action") == (
        policy["error_codes"],
        revoked["error_codes"],
        policy["suberror"],
    )


def test_requests_reads_a_mailbox(sim, server):
    """Plain HTTP: links are absolute and can be followed as they are."""
    sim.admin.bulk_load(ADA, [timed(f"2026-10-{day:02d}T10:00:00") for day in range(1, 13)])
    token = sim.admin.grant(ADA, "client", SCOPES)["access_token"]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {token}"
        link, count = f"{server.graph_endpoint}/me/calendarView/delta", 0
        page = session.get(link, params=WINDOW, timeout=10).json()
        while True:
            count += len(page["value"])
            if "@odata.nextLink" not in page:
                break
            page = session.get(page["@odata.nextLink"], timeout=10).json()

    assert 12 == count
    assert page["@odata.deltaLink"].startswith(server.graph_endpoint)


def test_fifth_request_at_once_is_refused(sim, server):
    """Four requests per mailbox may be in flight."""
    token = sim.admin.grant(ADA, "client", SCOPES)["access_token"]
    sim.add_fault("slow", method="me.get", seconds=1.0, times=0)

    def call(_number):
        with requests.Session() as session:
            session.trust_env = False
            headers = {"Authorization": f"Bearer {token}"}
            found = session.get(f"{server.graph_endpoint}/me", headers=headers, timeout=10)
            return found.status_code, found.headers.get("Retry-After")

    with ThreadPoolExecutor(6) as pool:
        found = sorted(pool.map(call, range(6)))

    assert [200] * 4 + [429] * 2 == [status for status, _ in found]
    assert {"1"} == {wait for status, wait in found if status == 429}


@contextmanager
def endpoint(received):
    """A webhook of one's own over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            token = parse_qs(urlsplit(self.path).query).get("validationToken")
            text = token[0].encode() if token else b""
            if not token:
                received.append(json.loads(body))
            self.send_response(200 if token else 202)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/webhook_graph"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


class Static:
    """A credential with one token."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.token, int((datetime.now(UTC) + timedelta(hours=1)).timestamp()))


@contextmanager
def sdk(server, token):
    """Microsoft's own client, with the simulator as its Graph."""
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


async def story(graph, client, hook):
    """What the product does with Graph, by Microsoft's own client."""
    me = await graph.me.get()
    calendars = (await graph.me.calendars.get()).value
    events = graph.me.calendars.by_calendar_id(calendars[0].id).events
    immutable = RequestConfiguration(headers=prefer('IdType="ImmutableId"'))
    recurrence = PatternedRecurrence(
        pattern=RecurrencePattern(
            type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Monday]
        ),
        range=RecurrenceRange(
            type=RecurrenceRangeType.NoEnd, start_date=datetime(2026, 10, 5, tzinfo=UTC).date()
        ),
    )
    body = Event(
        subject="Haircut",
        start=at("2026-10-05T10:00:00"),
        end=at("2026-10-05T11:00:00"),
        recurrence=recurrence,
        show_as=FreeBusyStatus.Busy,
        is_reminder_on=False,
        transaction_id="t-1",
    )
    made = await events.post(body, request_configuration=immutable)
    single = await events.post(
        Event(subject="Beard", start=at("2026-10-06T10:00:00"), end=at("2026-10-06T11:00:00")),
        request_configuration=immutable,
    )
    delta = graph.me.calendars.by_calendar_id(calendars[0].id).calendar_view.delta
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        start_date_time=WINDOW["startDateTime"], end_date_time=WINDOW["endDateTime"]
    )
    first = await delta.get(
        RequestConfiguration(query_parameters=query, headers=prefer('IdType="ImmutableId"'))
    )
    subscription = await graph.subscriptions.post(
        Subscription(
            change_type="created,updated,deleted",
            notification_url=hook,
            resource=f"me/calendars/{calendars[0].id}/events",
            expiration_date_time=datetime(2026, 10, 5, tzinfo=UTC),
            client_state="secret",
        ),
        request_configuration=immutable,
    )
    await events.by_event_id(single.id).patch(Event(subject="Beard and hair"))
    await events.by_event_id(made.id).delete()
    changed = await delta.with_url(first.odata_delta_link).get(immutable)
    with pytest.raises(APIError) as missing:
        await events.by_event_id(made.id).get()
    await client.aclose()
    return me, made, first, subscription, changed, missing.value


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_microsofts_client_works(sim, server):
    """Calendars, events, recurrence, delta, subscriptions and errors, by msgraph-sdk over HTTP."""
    received = []
    token = sim.admin.grant(ADA, "client", SCOPES)["access_token"]
    sim.push.send = post
    with endpoint(received) as hook, sdk(server, token) as (graph, client):
        me, made, first, subscription, changed, missing = asyncio.run(story(graph, client, hook))
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


def test_pushes_are_delivered_by_a_thread(sim):
    """With auto_push nobody has to ask."""
    received = []
    sim.push.send = post
    with MicrosoftServer(sim, auto_push=True) as server, endpoint(received) as hook:
        token = sim.admin.grant(ADA, "client", SCOPES)["access_token"]
        body = {
            "changeType": "created",
            "resource": "me/events",
            "notificationUrl": hook,
            "expirationDateTime": "2026-10-05T00:00:00Z",
        }
        with requests.Session() as session:
            session.trust_env = False
            headers = {"Authorization": f"Bearer {token}"}
            made = session.post(
                f"{server.graph_endpoint}/subscriptions", json=body, headers=headers, timeout=10
            )
        sim.owner.put_event(ADA, timed("2026-10-05T10:00:00"))
        arrived = sim.push.wait_for(1, seconds=10)

    assert (201, True) == (made.status_code, arrived)
    assert 1 == len(received)
