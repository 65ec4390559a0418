"""The small HTTP client of the webhooks, against a server that sends scripted bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from common.tasks.rest import MAX_BODY_BYTES, KeepAlive, NoAnswer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class ScriptedServer:
    """Accepts one connection after the other; sends one scripted piece for each request, then closes."""

    def __init__(self, connections: Sequence[Sequence[bytes]]) -> None:
        self.connections = connections
        self.requests: list[list[bytes]] = []
        self.ended = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        for answers in self.connections:
            line, _ = self._listener.accept()
            heard: list[bytes] = []
            self.requests.append(heard)
            with line:
                for answer in answers:
                    heard.append(line.recv(65_536))
                    line.sendall(answer)
            self.ended.release()

    def wait(self) -> None:
        """Until everything was said and every connection is closed."""
        self._thread.join(timeout=10)

    def close(self) -> None:
        self._listener.close()


@contextmanager
def client_of(*connections: Sequence[bytes]) -> Iterator[tuple[KeepAlive, ScriptedServer]]:
    with ExitStack() as parts:
        server = ScriptedServer(connections)
        parts.callback(server.close)
        client = KeepAlive(server.origin, seconds=5)
        parts.callback(client.close)
        yield client, server


def test_a_request_is_sent_complete_in_one_piece() -> None:
    """Method, path, headers, length and body."""
    with client_of([OK]) as (client, server):
        answer = client.exchange("POST", "/v2/tasks", {"Authorization": "Bearer t"}, b'{"a":1}')
        server.wait()

    (sent,) = server.requests[0]
    head, _, body = sent.partition(b"\r\n\r\n")
    assert (200, b"{}") == (answer.status, answer.body)
    assert b'{"a":1}' == body
    assert head.startswith(b"POST /v2/tasks HTTP/1.1\r\nHost: 127.0.0.1:")
    assert {b"Content-Length: 7", b"Authorization: Bearer t"} <= {*head.split(b"\r\n")}


def test_a_connection_is_reused() -> None:
    """Two exchanges, one connection."""
    with client_of([OK, OK]) as (client, server):
        for _ in range(2):
            client.exchange("GET", "/", {})
        server.wait()

    assert 2 == len(server.requests[0])


def test_a_connection_that_the_server_closed_is_replaced() -> None:
    """Servers close idle connections; the next exchange opens another one and succeeds."""
    with client_of([OK], [OK]) as (client, server):
        client.exchange("GET", "/", {})
        assert server.ended.acquire(timeout=10)
        answer = client.exchange("GET", "/", {})
        server.wait()

    assert 200 == answer.status
    assert [1, 1] == [len(heard) for heard in server.requests]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 409 Conflict\r\nContent-Length: 7\r\n\r\nabcdefg",
        b"HTTP/1.1 409 Conflict\r\ncontent-LENGTH:7\r\nConnection: close\r\n\r\nabcdefg",
        b"HTTP/1.0 409 Conflict\r\n\r\nabcdefg",
    ],
    ids=["chunked", "announced", "closing", "old"],
)
def test_an_answer_ends_by_length_by_chunks_or_by_closing(answer: bytes) -> None:
    """Each framing of HTTP/1.1 is read to its end."""
    with client_of([answer]) as (client, _):
        found = client.exchange("GET", "/", {})

    assert (409, b"abcdefg") == (found.status, found.body)


def test_a_204_has_no_body() -> None:
    """It has no length, and the connection is reused."""
    with client_of([b"HTTP/1.1 204 No Content\r\n\r\n", OK]) as (client, server):
        first = client.exchange("GET", "/", {})
        client.exchange("GET", "/", {})
        server.wait()

    assert (204, b"") == (first.status, first.body)
    assert 2 == len(server.requests[0])


def test_a_redirect_is_not_followed() -> None:
    """A token is not sent to another address."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    with client_of([moved]) as (client, _):
        assert 302 == client.exchange("GET", "/", {}).status


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode(),
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["nothing", "another protocol", "cut", "chunks", "no status", "too large", "negative"],
)
def test_an_invalid_answer_is_an_error(answer: bytes) -> None:
    """No part of it is used, and the connection is not used again."""
    with client_of([answer], [OK]) as (client, _):
        with pytest.raises(NoAnswer):
            client.exchange("GET", "/", {})

        assert 200 == client.exchange("GET", "/", {}).status


def test_a_refused_connection_is_an_error() -> None:
    """It is not taken for an answer."""
    with pytest.raises(NoAnswer):
        KeepAlive("http://127.0.0.1:9").exchange("GET", "/", {})


def test_a_silent_server_times_out() -> None:
    """After the time that each piece may take."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = KeepAlive(f"http://127.0.0.1:{silent.getsockname()[1]}", seconds=0.05)
        with pytest.raises(NoAnswer):
            client.exchange("GET", "/", {})
