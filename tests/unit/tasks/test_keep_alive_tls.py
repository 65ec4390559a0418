"""The small HTTP client of the webhooks checks certificates, and reuses encrypted connections as well."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from common.tasks.rest import KeepAlive, NoAnswer
from tests.unit.outbound.test_http_tls import certificate


class TlsQueueServer(BaseHTTPRequestHandler):
    """Accepts every task, and keeps from which connection it came."""

    protocol_version = "HTTP/1.1"
    callers: ClassVar[list[object]] = []

    def do_GET(self) -> None:
        self.callers.append(self.client_address)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    file = certificate(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), TlsQueueServer)
    server.daemon_threads = True
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(file)
    server.socket = inside.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    TlsQueueServer.callers.clear()
    yield f"https://127.0.0.1:{server.server_port}", file
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_with_a_valid_certificate_gets_the_request(served: tuple[str, Path]) -> None:
    """Two exchanges over one encrypted connection."""
    origin, file = served
    trust = ssl.create_default_context(cafile=str(file))
    trust.check_hostname = False
    client = KeepAlive(origin, trust=trust)

    answers = [client.exchange("GET", "/", {}) for _ in range(2)]
    client.close()

    assert [200, 200] == [answer.status for answer in answers]
    assert 1 == len(set(TlsQueueServer.callers))


@pytest.mark.parametrize("known", [True, False], ids=["another name", "unknown authority"])
def test_a_server_with_a_wrong_certificate_gets_nothing(served: tuple[str, Path], known: bool) -> None:
    """One for another name, or of an unknown authority."""
    origin, file = served
    client = KeepAlive(origin, trust=ssl.create_default_context(cafile=str(file)) if known else None)

    with pytest.raises(NoAnswer):
        client.exchange("GET", "/", {"Authorization": "Bearer secret"})

    assert [] == TlsQueueServer.callers
