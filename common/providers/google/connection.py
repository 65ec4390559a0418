"""Connections to Google whose answers must be whole, not too large, and not too slow in coming."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPResponse, IncompleteRead
from socket import socket
from time import monotonic
from typing import Any

import httplib2

LARGEST_ANSWER = 32 * 2**20

_PIECE = 65_536
_PATIENCE = 20.0


class _Bounded(HTTPResponse):
    """A body that takes no longer as a whole than the connection waits for a single byte.

    A socket's time-out starts anew with every byte, so that a trickle would hold a worker for ever.
    """

    def __init__(self, sock: socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._patience = sock.gettimeout() or _PATIENCE

    def read(self, amt: int | None = None) -> bytes:
        if amt is not None:
            return super().read(amt)
        try:
            body = b"".join(self._pieces(monotonic() + self._patience))
        finally:
            self.close()
        if self.length:
            raise IncompleteRead(body, self.length)
        return body

    def _pieces(self, limit: float) -> Iterator[bytes]:
        size = 0
        while piece := self.read1(_PIECE):
            size += len(piece)
            if size > LARGEST_ANSWER or monotonic() > limit:
                raise TimeoutError("an answer that does not end")
            yield piece


class _Plain(httplib2.HTTPConnectionWithTimeout):
    """Without TLS: a simulator on this machine."""

    response_class = _Bounded


class _Secure(httplib2.HTTPSConnectionWithTimeout):
    """With TLS."""

    response_class = _Bounded


class BoundedHttp(httplib2.Http):
    """An httplib2 connection over bounded answers, which follows no redirect.

    A bearer token goes to the address that it was meant for.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.follow_redirects = False

    def request(self, uri: str, *args: Any, **options: Any) -> tuple[httplib2.Response, bytes]:
        """One request, over a bounded connection."""
        kind = _Secure if uri.startswith("https:") else _Plain
        response, content = super().request(uri, *args, **{"connection_type": kind, **options})
        return response, content


class Refused(Exception):
    """Status, headers and body of an answer that is no success."""


class Heard:
    """A connection whose refusals never reach the library: it logs their texts and stumbles over odd ones."""

    def __init__(self, http: httplib2.Http) -> None:
        self._http = http

    def request(self, uri: str, method: str, **sent: Any) -> tuple[httplib2.Response, bytes]:
        """One request.

        Raises:
            Refused: The answer is no success.
        """
        response, content = self._http.request(uri, method, **sent)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise Refused(response.status, response, content)
        return response, content
