from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import pytest

from common.errors import ProviderUnavailable
from common.providers.google.client import LARGEST_ANSWER, GoogleClient

Speaker = Callable[[socket.socket, threading.Event], None]
LISTING = b'{"kind": "calendar#events"}'


@contextmanager
def server(*speakers: Speaker) -> Iterator[str]:
    """A server that serves one connection after the other, each by its own speaker; its address."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5.0)

        def serve() -> None:
            for speak in speakers:
                with suppress(OSError):
                    connection, _ = listening.accept()
                    connection.settimeout(5.0)
                    with connection:
                        speak(connection, ended)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/calendar/v3/"
        finally:
            ended.set()
            thread.join()


def request_of(connection: socket.socket) -> bytes:
    """The head of the next request."""
    data = b""
    while b"\r\n\r\n" not in data and (part := connection.recv(65_536)):
        data += part
    return data


def head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()


def trickle(connection: socket.socket, ended: threading.Event) -> None:
    """A byte now and then, for ever."""
    request_of(connection)
    connection.sendall(head("Content-Length: 1000000"))
    while not ended.wait(0.02):
        connection.sendall(b" ")


def short(connection: socket.socket, _: threading.Event) -> None:
    """Less than was announced."""
    request_of(connection)
    connection.sendall(head(f"Content-Length: {len(LISTING) + 5}") + LISTING)


def short_chunk(connection: socket.socket, _: threading.Event) -> None:
    """A chunk that ends too early."""
    request_of(connection)
    connection.sendall(head("Transfer-Encoding: chunked") + b"64\r\n" + LISTING)


def endless(connection: socket.socket, _: threading.Event) -> None:
    """More than anybody asked for."""
    request_of(connection)
    connection.sendall(head("Connection: close"))
    for _piece in range(LARGEST_ANSWER // 2**20 + 2):
        connection.sendall(b" " * 2**20)


def whole(connection: socket.socket, _: threading.Event) -> None:
    """Two answers over one connection, one of them in chunks."""
    request_of(connection)
    connection.sendall(head(f"Content-Length: {len(LISTING)}") + LISTING)
    request_of(connection)
    chunks = b"".join(b"1\r\n" + LISTING[at : at + 1] + b"\r\n" for at in range(len(LISTING)))
    connection.sendall(head("Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n")


def ask(client: GoogleClient) -> object:
    return client.read("token", client.service.events().list(calendarId="c"))


@pytest.mark.parametrize("speaker", [trickle, short, short_chunk, endless])
def test_an_answer_that_does_not_come_is_an_outage(socket_enabled: None, speaker: Speaker) -> None:
    """A trickle, a cut, or a flood ends in time; a worker is never held for ever."""
    started = monotonic()
    with server(speaker) as address:
        client = GoogleClient(endpoint=address, timeout=0.3)
        with pytest.raises(ProviderUnavailable):
            ask(client)
        client.close()

    assert monotonic() - started < 3.0


def test_whole_answers_share_a_connection(socket_enabled: None) -> None:
    """The connection stays open between two calls, whatever the framing of the answers."""
    with server(whole) as address:
        client = GoogleClient(endpoint=address, timeout=2.0)
        answers = [ask(client), ask(client)]
        client.close()

    assert answers == [{"kind": "calendar#events"}] * 2
