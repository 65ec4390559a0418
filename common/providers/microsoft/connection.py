"""Connections to Microsoft whose answers must be whole, not too large, and not too slow in coming."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any

import requests
from urllib3.exceptions import HTTPError

LARGEST_ANSWER = 32 * 2**20

_PIECE = 65_536


class Unreachable(Exception):
    """There is no whole answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class _Bearer(requests.auth.AuthBase):
    """The token, and nothing that a file on this machine may hold for the host instead."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def forgetful(session: requests.Session, *, home: str) -> requests.Session:
    """A session with one host that carries nothing from one account to the next.

    What the environment says of proxies and certificates is read here: the library reads it anew for every
    call, which takes as long as the rest of the call.
    """
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    found = session.merge_environment_settings(home, {}, None, None, None)
    session.proxies, session.verify, session.trust_env = found["proxies"], found["verify"], False
    return session


def exchange(session: requests.Session, token: str, *, timeout: float, **request: Any) -> Heard:
    """One request and its whole answer; no redirect is followed, and nothing is tried again.

    A socket's time-out starts anew with every byte, so that a trickle would hold a worker for ever: the
    answer as a whole takes no longer than the wait for a single byte.

    Raises:
        Unreachable: There is none; without the cause, which names the address and with it the account.
    """
    limit = monotonic() + 2 * timeout
    try:
        prepared = _prepared(session, token, **request)
        verify = True if session.verify is None else session.verify
        answer = session.get_adapter(str(prepared.url)).send(
            prepared, timeout=timeout, stream=True, verify=verify, proxies=session.proxies
        )
        try:
            return Heard(answer.status_code, answer.headers, b"".join(_pieces(answer, limit)))
        finally:
            answer.close()
    except (requests.RequestException, HTTPError, OSError):
        raise Unreachable from None


def _prepared(
    session: requests.Session, token: str, *, headers: Mapping[str, str], **request: Any
) -> requests.PreparedRequest:
    """The request alone: a session would mix cookies into it, and look where its answer redirects to."""
    prepared = requests.PreparedRequest()
    prepared.prepare(**request, headers={**session.headers, **headers}, auth=_Bearer(token))
    return prepared


def _pieces(answer: requests.Response, limit: float) -> Iterator[bytes]:
    size = 0
    while piece := answer.raw.read1(_PIECE, decode_content=True):
        size += len(piece)
        if size > LARGEST_ANSWER or monotonic() > limit:
            raise TimeoutError("an answer that does not end")
        yield piece
