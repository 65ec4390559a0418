from __future__ import annotations

import traceback
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import IncompleteRead, ReadTimeoutError

from common.errors import ProviderUnavailable, UnexpectedReply
from common.providers.microsoft.client import GraphClient
from tests.unit.providers.microsoft.client_setup import ASK, Answer, Broken, Wire


def test_every_call_brings_its_own_token() -> None:
    """One client and one session serve all accounts without mixing them up."""
    wire = Wire((200, b"{}"), (200, b"{}"))

    for token in ("one", "two"):
        wire.client.read(token, ASK)

    (adapter,) = wire.opened
    assert [sent.headers["Authorization"] for sent in adapter.sent] == ["Bearer one", "Bearer two"]
    assert len({sent.headers["client-request-id"] for sent in adapter.sent}) == 2


@pytest.mark.pitfall(3)
def test_live_questions_wait_less() -> None:
    """Every call has a time-out, a live one a short one (pitfall 3)."""
    wire = Wire((200, b"{}"), (200, b"{}"))

    wire.client.read("t", ASK)
    wire.client.read("t", ASK, live=True)

    assert wire.opened[0].timeouts == [9.0, 1.5]


@pytest.mark.pitfall(4)
@pytest.mark.parametrize(
    "answer",
    [
        requests.ConnectionError("https://graph.microsoft.com/v1.0/me/ada@contoso.test"),
        requests.Timeout("ada@contoso.test"),
        requests.TooManyRedirects("x"),
        IncompleteRead(3, 7),
        ReadTimeoutError(None, "ada@contoso.test", "slow"),  # type: ignore[arg-type]
        OSError("ada@contoso.test"),
        (200, b"<html>ada@contoso.test</html>"),
        (200, b'{"value": [{"id": "x"'),
        (200, b"[]"),
        (200, b""),
        (200, b"\xff"),
        (200, b"[" * 100_000),
    ],
    ids=lambda value: str(value)[:30],
)
def test_half_an_answer_is_an_outage(answer: Answer) -> None:
    """Whatever is no whole answer is tried again later, and names nobody (pitfall 4)."""
    wire = Wire(answer)

    with pytest.raises(ProviderUnavailable) as raised:
        wire.client.read("t", ASK)

    assert "contoso" not in "".join(traceback.format_exception(raised.value))


def test_a_session_that_failed_is_not_used_again() -> None:
    """Nobody inherits a broken connection; one that worked is."""
    wire = Wire((200, b"{}"), requests.ConnectionError("x"), (200, b"{}"))

    wire.client.read("t", ASK)
    with pytest.raises(ProviderUnavailable):
        wire.client.read("t", ASK)
    wire.client.read("t", ASK)
    wire.client.close()

    assert [(len(each.sent), each.closed) for each in wire.opened] == [(2, True), (1, True)]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_token_follows_a_redirect(status: int) -> None:
    """A bearer token goes to the address that it was meant for."""
    wire = Wire((status, b""))

    with pytest.raises(UnexpectedReply):
        wire.client.read("t", ASK)

    assert [sent.url for sent in wire.opened[0].sent] == ["https://graph.microsoft.com/v1.0/me/calendars"]


class Endless(Broken):
    """A body that never ends."""

    def __init__(self) -> None:
        super().__init__(AssertionError())

    def read1(self, amount: int, **_: Any) -> bytes:
        return b"x" * amount


class Trickling(BaseAdapter):
    """A server that sends for ever."""

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        response = requests.Response()
        response.status_code, response.raw, response.request = 200, Endless(), request
        return response

    def close(self) -> None:
        pass


def test_an_answer_without_end_is_cut_off() -> None:
    """No answer may hold more than a worker's memory can bear, or hold a worker for ever."""
    session = requests.Session()
    session.mount("https://", Trickling())

    with pytest.raises(ProviderUnavailable):
        GraphClient(session_factory=lambda: session).read("t", ASK)


@pytest.mark.parametrize(
    ("link", "own"),
    [
        ("https://graph.microsoft.com/v1.0/me", True),
        ("https://graph.microsoft.com/v1.0", False),
        ("https://graph.microsoft.com/v1.0x/me", False),
        ("https://graph.microsoft.com:443/v1.0/me", False),
        ("https://GRAPH.microsoft.com.evil.example/v1.0/me", False),
        ("http://graph.microsoft.com/v1.0/me", False),
        ("https://user@graph.microsoft.com/v1.0/me", False),
        ("ftp:x", False),
        ("", False),
    ],
)
def test_only_graphs_own_links_are_followed(link: str, own: bool) -> None:
    """Scheme, host, port and version have to be those that the operator named."""
    assert GraphClient().own(link) is own
