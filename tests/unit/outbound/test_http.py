"""Webhooks are sent to the public internet only, and to exactly the address that was checked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from common.errors import Forbidden, InvalidRequest, ProviderUnavailable
from common.outbound import PublicHttp


class Target(BaseHTTPRequestHandler):
    """A server that answers with the status in the path, and keeps what it received."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.posted.append((self.path, dict(self.headers), body.decode()))
        status = int(self.path.strip("/").split("?")[0] or 204)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://169.254.169.254/")
        if status in {429, 503}:
            self.send_header("Retry-After", "120" if status == 429 else "Mon, 22 Mar 2027 08:00:00 GMT")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Target)
    server.posted = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def address(server: Any, path: str = "/204", host: str = "127.0.0.1") -> str:
    return f"http://{host}:{server.server_address[1]}{path}"


def answers_with(*addresses: str) -> Any:
    """A name service that knows one answer."""

    def look_up(host: str, port: int) -> Sequence[str]:
        return addresses

    return look_up


@pytest.mark.parametrize(
    ("path", "status", "retry_after"),
    [
        ("/204", 204, None),
        ("/500", 500, None),
        ("/302", 302, None),
        ("/429", 429, 120.0),
        ("/503", 503, None),
    ],
)
def test_a_webhook_is_one_request_whatever_the_answer(
    server: Any, path: str, status: int, retry_after: float | None
) -> None:
    """A redirect is not followed."""
    server.posted.clear()
    answer = PublicHttp(loopback=True).post(address(server, path), headers={"webhook-id": "m"}, body="{}")

    assert (answer.status, answer.retry_after, answer.taken) == (status, retry_after, status == 204)
    ((where, headers, body),) = server.posted
    assert (where, headers["webhook-id"], body) == (path, "m", "{}")


def test_the_request_names_the_host_and_keeps_the_query(server: Any) -> None:
    """The connection goes to the checked address."""
    server.posted.clear()
    http = PublicHttp(loopback=True, look_up=answers_with("127.0.0.1"))
    http.post(address(server, "/204?a=b", "localhost"), headers={}, body="{}")
    ((where, headers, _),) = server.posted

    assert where == "/204?a=b"
    assert headers["Host"] == f"localhost:{server.server_address[1]}"


@pytest.mark.parametrize(
    "private",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_a_name_of_a_private_address_is_not_called(private: str) -> None:
    """SSRF: private, loopback, link-local, metadata and shared addresses, also inside IPv6 ones."""
    http = PublicHttp(look_up=answers_with(private))
    mixed = PublicHttp(look_up=answers_with("93.184.216.34", private))

    for each in (http, mixed):
        with pytest.raises(Forbidden):
            each.post("https://shop.example/", headers={}, body="{}")
        with pytest.raises(InvalidRequest):
            each.check("https://shop.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "ftp://shop.example/",
        "https://",
        "https:///x",
        "https://user:pass@shop.example/",
        "https://shop.example/#x",
        "https://shop.example:22/",
        "https://shop.example:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://shop.example\\@127.0.0.1/",
        "https://shop.example/\r\nX: y",
        "https://shöp.example/",
        "//shop.example/",
        "https://shop.example/ x",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(url: str) -> None:
    """Before its name is resolved."""

    def never(host: str, port: int) -> Sequence[str]:
        raise AssertionError(host)

    with pytest.raises(InvalidRequest):
        PublicHttp(look_up=never).check(url)


@pytest.mark.parametrize("numeric", ["2130706433", "0x7f.1", "127.1", "017700000001"])
def test_unusual_spellings_of_loopback_addresses_are_refused(numeric: str) -> None:
    """The address that the system's resolver makes of them is checked like any other."""
    with pytest.raises(InvalidRequest):
        PublicHttp(look_up=answers_with("127.0.0.1")).check(f"https://{numeric}/")


def test_loopback_is_called_in_the_local_stack_only(server: Any) -> None:
    """The setting allows http on loopback and nothing else; a name that merely looks local is refused."""
    PublicHttp(loopback=True).check(address(server))
    with pytest.raises(InvalidRequest):
        PublicHttp().check(address(server))
    with pytest.raises(InvalidRequest):
        PublicHttp(loopback=True, look_up=answers_with("10.0.0.1")).check(address(server, host="localhost"))
    with pytest.raises(InvalidRequest):
        PublicHttp(loopback=True).check("http://10.0.0.1/")


def test_a_name_is_resolved_once() -> None:
    """DNS rebinding: the connection goes to the address that was checked."""
    asked: list[str] = []

    def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["192.0.2.1"] if len(asked) > 1 else ["127.0.0.1"]

    with pytest.raises(Forbidden):
        PublicHttp(look_up=look_up).post("https://shop.example/", headers={}, body="{}")
    assert asked == ["shop.example"]


def test_an_unreachable_target_is_retried_later() -> None:
    """A closed port and an unknown name are temporary failures."""
    with pytest.raises(ProviderUnavailable):
        PublicHttp(loopback=True).post("http://127.0.0.1:9/", headers={}, body="{}")

    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError(host)

    with pytest.raises(ProviderUnavailable):
        PublicHttp(look_up=unknown).post("https://shop.example/", headers={}, body="{}")
    with pytest.raises(InvalidRequest):
        PublicHttp(look_up=unknown).check("https://shop.example/")
