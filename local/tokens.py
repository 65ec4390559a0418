"""Gives out staff tokens of the development issuer, on its own loopback port that no tunnel exposes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from wsgiref.types import StartResponse, WSGIEnvironment

import requests
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.wrappers import Request, Response

from local.issuer import Issuer

DOOR = "/_sim/token"
AUDIENCE = "slotbridge"
ROLES = ("owner", "staff", "support")
LIFETIME = timedelta(hours=12)
_SECONDS = 10


class NoStack(Exception):
    """Nobody gives out tokens at that address."""


class TokenDoor:
    """The issuer's WSGI app with one more door: ``POST /_sim/token``.

    It takes ``{"tenant", "role", "resources"?, "subject"?}`` as JSON: a page of another origin cannot send
    that without being asked first, and nobody answers it.
    """

    def __init__(self, issuer: Issuer) -> None:
        """Sign with this issuer."""
        self._issuer = issuer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        if (request.method, request.path) != ("POST", DOOR):
            return self._issuer(environ, start_response)
        try:
            response = Response(json.dumps({"token": self._token(request.get_json())}))
            response.content_type = "application/json"
        except (BadRequest, UnsupportedMediaType, KeyError, TypeError):
            response = Response("send {tenant, role} as application/json", status=400)
        return response(environ, start_response)

    def _token(self, asked: dict[str, object]) -> str:
        if asked["role"] not in ROLES:
            raise KeyError(asked["role"])
        claims = {
            "tenant": asked["tenant"],
            "role": asked["role"],
            "resources": asked.get("resources", []),
        }
        return self._issuer.sign(
            claims,
            audience=AUDIENCE,
            subject=str(asked.get("subject", "developer")),
            lifetime=LIFETIME,
            now=datetime.now(UTC),
        )


def staff_token(issuer_url: str, *, tenant: str, role: str, resources: Sequence[str] = ()) -> str:
    """Fetch a token from a running stack.

    Raises:
        NoStack: nothing answers there.
    """
    asked = {"tenant": tenant, "role": role, "resources": list(resources)}
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(f"{issuer_url}{DOOR}", json=asked, timeout=_SECONDS)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise NoStack(f"no staff token from {issuer_url}: is `python -m local up` running?") from error
        return str(answer.json()["token"])
