import pytest

from local.google import GoogleSimulator, Settings
from tests.local.google.driver import Clock, Driver

ADA = "ada@example.test"
BOB = "bob@example.test"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sent():
    """The pushes that arrived: (address, headers)."""
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
    """Makes a driver for an account, with the given scopes."""

    def make(account=ADA, *, scopes=("calendar",), client="client"):
        return Driver(sim, sim.admin.grant(account, client, list(scopes))["access_token"])

    return make


@pytest.fixture
def ada(connect):
    return connect(ADA)


@pytest.fixture
def bob(connect):
    return connect(BOB)
