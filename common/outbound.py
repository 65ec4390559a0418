"""Calls addresses that tenants named, and reaches nothing that is not on the public internet.

The address that was checked is the one that is connected to, so a name that changes its meaning between
the two leads nowhere.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

import urllib3

from common.domain.shared.url_policy import check_target, public
from common.errors import Forbidden, InvalidRequest, ProviderUnavailable
from common.ports.machine import WebhookResponse

Resolve = Callable[[str, int], Sequence[str]]
_TIMEOUT = urllib3.Timeout(connect=5, read=10)
_LONGEST_WAIT = 86_400.0
# A server that sends a byte now and then would keep the connection for ever.
_LONGEST_READ = 10.0
_PIECE = 16_384
_OK = 200


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address behind a name, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class PublicHttp:
    """One connection a call; no redirects, no proxies, no retries; a webhook's answer is not read."""

    def __init__(
        self, *, loopback: bool = False, look_up: Resolve = resolve, trust: ssl.SSLContext | None = None
    ) -> None:
        """``loopback`` lets http on this machine be called as well (the local stack).

        Certificates are checked against ``trust``, the machine's own list by default.
        """
        self._loopback = loopback
        self._look_up = look_up
        self._trust = trust

    @property
    def loopback(self) -> bool:
        """Whether http on this machine may be called (the local stack)."""
        return self._loopback

    def check(self, url: str) -> None:
        """Look the address up.

        Raises:
            InvalidRequest: It cannot be found, or leads somewhere that is not the public internet.
        """
        check_target(url, loopback=self._loopback)
        try:
            self._place(url)
        except Forbidden as error:
            raise InvalidRequest(error.detail, code=error.reason) from None
        except ProviderUnavailable:
            raise InvalidRequest("this address cannot be found", code="unknown_target") from None

    def fetch(self, url: str, *, largest: int) -> bytes:
        """The document at an address; redirects are not followed.

        Raises:
            ProviderUnavailable: It did not come in time, or is larger than that.
            Forbidden: The address leads somewhere that is not the public internet (any more).
        """
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Accept": "application/json", "Host": parts.netloc, "User-Agent": "Slotbridge/1"}
        try:
            with self._pool(url) as pool:
                response = pool.urlopen(
                    "GET",
                    path,
                    headers=headers,
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    decode_content=False,
                    timeout=_TIMEOUT,
                )
                try:
                    return _content(response, largest)
                finally:
                    response.close()
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            raise ProviderUnavailable("nobody answered", code="target_unreachable") from None

    def post(self, url: str, *, headers: Mapping[str, str], body: str) -> WebhookResponse:
        """One try; redirects are answers like others and are never followed.

        Raises:
            ProviderUnavailable: Nobody answered in time.
            Forbidden: The address leads somewhere that is not the public internet (any more).
        """
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with self._pool(url) as pool:
                response = pool.urlopen(
                    "POST",
                    path,
                    body=body.encode(),
                    headers={**headers, "Host": parts.netloc},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    timeout=_TIMEOUT,
                )
                answer = WebhookResponse(response.status, _seconds(response.headers.get("Retry-After")))
                response.close()
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            raise ProviderUnavailable("nobody answered", code="target_unreachable") from None
        return answer

    def _pool(self, url: str) -> urllib3.HTTPConnectionPool:
        address, host, port = self._place(url)
        if urlsplit(url).scheme == "http":
            return urllib3.HTTPConnectionPool(address, port)
        return urllib3.HTTPSConnectionPool(
            address, port, server_hostname=host, assert_hostname=host, ssl_context=self._trust
        )

    def _place(self, url: str) -> tuple[str, str, int]:
        """The address to connect to, the name that its certificate must have, and the port."""
        try:
            check_target(url, loopback=self._loopback)
        except InvalidRequest as error:
            raise Forbidden(error.detail, code=error.reason) from None
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or (80 if parts.scheme == "http" else 443)
        try:
            found = self._look_up(host, port)
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise ProviderUnavailable("this name leads nowhere", code="target_unreachable")
        allowed = _on_this_machine if parts.scheme == "http" else public
        # All of them: a name with one private address among public ones is somebody's trick or mistake.
        if not all(map(allowed, found)):
            raise Forbidden("this address is not on the public internet", code="forbidden_target")
        return found[0], host, port


def _content(response: urllib3.BaseHTTPResponse, largest: int) -> bytes:
    if response.status != _OK:
        raise ProviderUnavailable("the document is not there", code="target_unreachable")
    content, ends = bytearray(), time.monotonic() + _LONGEST_READ
    while piece := response.read1(_PIECE):
        content += piece
        if len(content) > largest or time.monotonic() > ends:
            raise ProviderUnavailable("the document is too large or too slow", code="target_unreachable")
    return bytes(content)


def _on_this_machine(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_loopback


def _seconds(header: str | None) -> float | None:
    """Retry-After as a number; a date is rare enough to be left to our own schedule."""
    if header is None or not header.isascii() or not header.isdecimal():
        return None
    return min(float(header), _LONGEST_WAIT)
