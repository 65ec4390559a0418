"""Documents at addresses of tenants are fetched from the public internet only, and only small ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from common.errors import Forbidden, ProviderUnavailable
from common.outbound import PublicHttp
from local.server import serve


@Request.application
def documents(request: Request) -> Response:
    """A server with one small document, and every kind of failed answer."""
    if request.path == "/moved":
        return Response(status=302, headers={"Location": "/keys"})
    if request.path == "/packed":
        return Response(b"\x1f\x8b not unpacked", headers={"Content-Encoding": "gzip"})
    if request.path == "/large":
        return Response(b"x" * 1_001)
    return Response(
        b"x" * 1_000 if request.path == "/keys" else b"", status=200 if request.path == "/keys" else 404
    )


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serve(documents) as served:
        yield served.base_url


def test_a_document_is_fetched_unchanged(base: str) -> None:
    """Up to the given size; compressed content is not unpacked."""
    http = PublicHttp(loopback=True)

    assert b"x" * 1_000 == http.fetch(f"{base}/keys", largest=1_000)
    assert b"\x1f\x8b not unpacked" == http.fetch(f"{base}/packed", largest=1_000)


@pytest.mark.parametrize("path", ["/moved", "/large", "/nowhere"])
def test_any_other_answer_means_unavailable(base: str, path: str) -> None:
    """Redirects are not followed, large answers not read to the end, error pages not taken for keys."""
    with pytest.raises(ProviderUnavailable):
        PublicHttp(loopback=True).fetch(f"{base}{path}", largest=1_000)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "10.0.0.7", "127.0.0.1", "::ffff:127.0.0.1", "fd00::1"]
)
def test_a_name_of_a_private_address_is_not_fetched(address: str) -> None:
    """It is checked at each fetch, whatever it was when it was configured."""

    def look_up(_host: str, _port: int) -> Any:
        return ["8.8.8.8", address]

    with pytest.raises(Forbidden):
        PublicHttp(look_up=look_up).fetch("https://keys.example/jwks.json", largest=1_000)


def test_loopback_is_not_fetched_in_production(base: str) -> None:
    """It is allowed in the local stack only."""
    with pytest.raises(Forbidden):
        PublicHttp().fetch(f"{base}/keys", largest=1_000)
