from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import msal
import pytest
import requests

from local.microsoft import MicrosoftServer
from local.microsoft.push.delivery import post
from tests.local.microsoft.driver import ADA, BOB, WINDOW, timed
from tests.local.microsoft.webhook_server import webhook_server

LOGIN = "https://login.microsoftonline.com"
CALLBACK = "https://app.example.test/cb"
SCOPES = ["Calendars.ReadWrite", "User.Read"]


class Rewriting:
    """The http_client that msal gets: it sends requests for Microsoft's https addresses to the simulator."""

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


def test_msal_reports_refusals(sim, transport):
    """Msal reports a denied consent, a revoked grant, a policy and a transient error."""
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


def test_links_can_be_followed_as_they_are(sim, server):
    """With plain HTTP (requests), links are absolute and need no changes."""
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
    """Four requests for one mailbox may run at the same time."""
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


def test_pushes_are_delivered_by_a_thread(sim):
    """With auto_push, notifications are delivered without a call of `deliver`."""
    received = []
    sim.push.send = post
    with MicrosoftServer(sim, auto_push=True) as server, webhook_server(received) as hook:
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
