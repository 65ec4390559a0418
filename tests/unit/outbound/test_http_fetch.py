"""Documents that tenants point to are fetched from the public internet only, whole, small and as they are."""

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
    """One small document, and every kind of other answer."""
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


def test_a_document_comes_as_it_is(base: str) -> None:
    """Up to the size that was asked for; nothing is unpacked into something larger."""
    courier = PublicHttp(loopback=True)

    assert b"x" * 1_000 == courier.fetch(f"{base}/keys", largest=1_000)
    assert b"\x1f\x8b not unpacked" == courier.fetch(f"{base}/packed", largest=1_000)


@pytest.mark.parametrize("path", ["/moved", "/large", "/nowhere"])
def test_what_is_no_small_document_is_unavailable(base: str, path: str) -> None:
    """A redirect is not followed, a large answer not read to its end, an error page not taken for keys."""
    with pytest.raises(ProviderUnavailable):
        PublicHttp(loopback=True).fetch(f"{base}{path}", largest=1_000)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "10.0.0.7", "127.0.0.1", "::ffff:127.0.0.1", "fd00::1"]
)
def test_a_name_that_leads_inside_is_not_fetched_from(address: str) -> None:
    """It is judged by where it leads at this very fetch, whatever it was when it was configured."""

    def look_up(_host: str, _port: int) -> Any:
        return ["8.8.8.8", address]

    with pytest.raises(Forbidden):
        PublicHttp(look_up=look_up).fetch("https://keys.example/jwks.json", largest=1_000)


def test_this_machine_is_not_fetched_from_in_production(base: str) -> None:
    """Loopback is for the local stack."""
    with pytest.raises(Forbidden):
        PublicHttp().fetch(f"{base}/keys", largest=1_000)
