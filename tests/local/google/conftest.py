import pytest
from werkzeug.test import Client

from local.google import GoogleSimulator, Settings
from tests.local.google.driver import ADA, BOB, Clock, Driver
from tests.local.google.oauth_setup import CALLBACK, VERIFIER, answered, authorize


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sent():
    """Collects the push notifications that arrived, as (address, headers)."""
    return []


@pytest.fixture
def sim(clock, sent):
    """A simulator with two accounts and two clients of one project, and one of another."""

    def receive(address, headers):
        sent.append((address, headers))
        return 204

    simulator = GoogleSimulator(now=clock, settings=Settings(allow_http_push=True), send_push=receive)
    for client, project in (("client", "project"), ("sister", "project"), ("other", "elsewhere")):
        uris = ["https://app.example.test/callback"]
        simulator.admin.add_client(client, secret="secret", redirect_uris=uris, project=project)
    simulator.admin.add_account(ADA, name="Ada", time_zone="Europe/Zurich")
    simulator.admin.add_account(BOB, name="Bob", time_zone="America/New_York", workspace=True)
    yield simulator
    simulator.close()


@pytest.fixture
def connect(sim):
    """Makes an API client for an account, with the given scopes."""

    def make(account=ADA, *, scopes=("calendar",), client="client"):
        return Driver(sim, sim.admin.grant(account, client, list(scopes))["access_token"])

    return make


@pytest.fixture
def ada(connect):
    return connect(ADA)


@pytest.fixture
def bob(connect):
    return connect(BOB)


@pytest.fixture
def http(sim):
    return Client(sim)


@pytest.fixture
def allow(sim):
    """Consents to everything, and returns the authorization code."""

    def act(**changes):
        return answered(sim.consent(authorize(**changes), account=ADA))["code"]

    return act


@pytest.fixture
def exchange(http):
    def act(given, **changes):
        form = {
            "grant_type": "authorization_code",
            "code": given,
            "client_id": "client",
            "client_secret": "secret",
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | changes
        response = http.post(
            "/token", data={name: value for name, value in form.items() if value is not None}
        )
        return response.status_code, response.get_json()

    return act


@pytest.fixture
def refresh(http):
    def act(token, **changes):
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": "client",
            "client_secret": "secret",
        }
        response = http.post("/token", data=form | changes)
        return response.status_code, response.get_json()

    return act
