from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client

from local.microsoft import MicrosoftServer, MicrosoftSimulator, Settings, WebhookReply
from tests.local.microsoft.driver import ADA, BOB, CLO, Clock, Driver

SCOPES = ("Calendars.ReadWrite", "User.Read", "MailboxSettings.Read")


@pytest.fixture
def clock():
    return Clock()


class Webhook:
    """A webhook that echoes validation tokens and keeps the notifications that arrive."""

    def __init__(self):
        self.posts = []
        self.validations = []
        self.answer = lambda _address, _body: WebhookReply(202)
        self.validate = lambda token: WebhookReply(200, token, "text/plain; charset=utf-8")

    def __call__(self, address, headers, body):
        token = parse_qs(urlsplit(address).query).get("validationToken")
        if token:
            self.validations.append(address.partition("validationToken=")[0].rstrip("?&"))
            return self.validate(token[0])
        self.posts.append((address, body))
        return self.answer(address, body)


@pytest.fixture
def hook():
    return Webhook()


@pytest.fixture
def sim(clock, hook):
    """A simulator with two work accounts, a personal one, and one app for all of them."""
    simulator = MicrosoftSimulator(now=clock, settings=Settings(allow_http_push=True), send_push=hook)
    for client in ("client", "other"):
        simulator.admin.add_client(client, secret="secret", redirect_uris=["https://app.example.test/cb"])
    simulator.admin.add_account(ADA, name="Ada Lovelace")
    simulator.admin.add_account(BOB, name="Bob", personal=True, time_zone="Eastern Standard Time")
    simulator.admin.add_account(CLO, name="Clo", admin=True)
    yield simulator
    simulator.close()


@pytest.fixture
def connect(sim):
    """Makes a Graph client for an account, with the given scopes."""

    def make(account=ADA, *, scopes=SCOPES, client="client", immutable=True):
        driver = Driver(sim, sim.admin.grant(account, client, list(scopes))["access_token"])
        driver.prefer = ['IdType="ImmutableId"'] if immutable else []
        return driver

    return make


@pytest.fixture
def ada(connect):
    return connect(ADA)


@pytest.fixture
def bob(connect):
    return connect(BOB)


@pytest.fixture
def calendar(sim):
    """The id of Ada's default calendar."""
    return sim.admin.default_calendar(ADA)


@pytest.fixture
def server(sim):
    """The simulator as an HTTP server."""
    with MicrosoftServer(sim) as running:
        yield running


@pytest.fixture
def web(sim):
    """An HTTP client that calls the simulator as a browser does."""
    return Client(sim)
