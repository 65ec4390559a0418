from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from http.client import IncompleteRead
from typing import Any

import httplib2
import pytest

from common.errors import ProviderUnavailable, SyncError, UnexpectedReply
from common.providers.google.client import BoundedHttp, GoogleClient
from tests.unit.providers.google.client_setup import Scripted, Wire, ask


def test_every_call_brings_its_own_token() -> None:
    """One service and one connection serve all accounts without mixing them up."""
    wire = Wire((200, b"{}"), (200, b"{}"))

    for token in ("one", "two"):
        wire.client.read(token, wire.request())

    (http,) = wire.opened
    assert [sent["authorization"] for sent in http.sent] == ["Bearer one", "Bearer two"]


@pytest.mark.pitfall(3)
def test_live_questions_wait_less() -> None:
    """Live questions have connections and time-outs of their own (pitfall 3)."""
    wire = Wire((200, b"{}"), (200, b"{}"))

    ask(wire)
    ask(wire, live=True)

    assert [http.timeout for http in wire.opened] == [9.0, 1.5]


@pytest.mark.parametrize(
    "failure",
    [
        TimeoutError("ada@example.com"),
        ConnectionResetError("ada@example.com"),
        OSError("ada@example.com"),
        IncompleteRead(b"ada@example.com"),
        httplib2.ServerNotFoundError("ada@example.com"),
        httplib2.RedirectLimit("ada@example.com", httplib2.Response({}), b""),
    ],
)
def test_a_broken_connection_is_an_outage_and_is_closed(failure: Exception) -> None:
    """It is never used again, and the error tells nobody whose calendar it was."""
    wire = Wire(failure, (200, b"{}"))

    with pytest.raises(ProviderUnavailable) as raised:
        ask(wire)
    ask(wire)

    assert [http.closed for http in wire.opened] == [True, False]
    assert "ada" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.pitfall(1)
@pytest.mark.parametrize(
    "body", [b"", b'{"items": [', b"<html>", b"7", b"[]", b"null", b'"text"', b"\xff\xff", b"[" * 100_000]
)
def test_a_200_without_an_object_is_an_outage(body: bytes) -> None:
    """The library returns a cut-off answer as text; it is never taken for an answer (pitfall 1)."""
    with pytest.raises(ProviderUnavailable):
        ask(Wire((200, body)))


@pytest.mark.parametrize("status", [301, 302, 304, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """A bearer token goes to no other address."""
    wire = Wire((status, b""))

    with pytest.raises(UnexpectedReply):
        ask(wire)

    assert (len(wire.opened[0].sent), BoundedHttp(1.0).follow_redirects) == (1, False)


def test_nothing_is_sent_twice_by_us() -> None:
    """A failure is the queue's to repeat, with its backoff."""
    wire = Wire((503, b""), (200, b"{}"))

    with pytest.raises(ProviderUnavailable):
        ask(wire)

    assert (len(wire.opened[0].sent), len(wire.script)) == (1, 1)


def test_a_refusal_hides_whose_calendar_it_was() -> None:
    """Neither address nor message of the provider reach an error or its trace."""
    body = {"error": {"errors": [{"reason": "forbidden", "message": "Canary"}], "message": "Canary"}}
    wire = Wire((403, json.dumps(body).encode()))

    with pytest.raises(SyncError) as raised:
        ask(wire)

    shown = "".join(traceback.format_exception(raised.value))
    assert ("Canary" in shown, "ada" in shown) == (False, False)
    assert str(raised.value) == "Google answered 403 (forbidden)"


@pytest.mark.pitfall(25)
def test_nothing_private_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not even with every logger at its most talkative (pitfall 25)."""
    caplog.set_level("DEBUG")
    wire = Wire((200, b'{"summary": "Canary"}'), (403, b'{"error": {"message": "Canary"}}'))

    ask(wire)
    with pytest.raises(UnexpectedReply):
        ask(wire)

    assert [word for word in ("ada", "Canary", "token") if word in caplog.text] == []


def test_closing_leaves_nothing_open() -> None:
    """Idle connections are closed, and the next call opens a new one."""
    wire = Wire((200, b"{}"), (200, b"{}"))
    ask(wire)

    wire.client.close()
    ask(wire)

    assert [http.closed for http in wire.opened] == [True, False]


def test_threads_never_share_a_connection() -> None:
    """A connection in use is not handed out again."""
    nested: list[Callable[[], object]] = []
    wire = Wire((200, b"{}"), (200, b"{}"))

    class Nesting(Scripted):
        def request(self, uri: str, method: str = "GET", **sent: Any) -> tuple[httplib2.Response, bytes]:
            while nested:
                nested.pop()()
            return super().request(uri, method, **sent)

    def open_nesting(timeout: float) -> Scripted:
        wire.opened.append(Nesting(wire.script, timeout))
        return wire.opened[-1]

    client = GoogleClient(http_factory=open_nesting)
    nested.append(lambda: client.read("inner", wire.request()))
    client.read("outer", wire.request())

    assert [[sent["authorization"] for sent in http.sent] for http in wire.opened] == [
        ["Bearer outer"],
        ["Bearer inner"],
    ]
