"""Issues staff tokens of the development issuer, on a loopback port that no tunnel exposes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from wsgiref.types import StartResponse, WSGIEnvironment

import requests
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.wrappers import Request, Response

from local.issuer import Issuer

TOKEN_PATH = "/_sim/token"
AUDIENCE = "slotbridge"
ROLES = ("owner", "staff", "support")
LIFETIME = timedelta(hours=12)
_SECONDS = 10


class StackNotRunning(Exception):
    """No local stack issues tokens at that address."""


class TokenEndpoint:
    """The issuer's WSGI app with one more route: ``POST /_sim/token``.

    It takes ``{"tenant", "role", "resources"?, "subject"?}`` and requires the JSON content type: a web page
    of another origin cannot send that without a CORS preflight, which is not answered.
    """

    def __init__(self, issuer: Issuer) -> None:
        """Sign tokens with this issuer."""
        self._issuer = issuer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        if (request.method, request.path) != ("POST", TOKEN_PATH):
            return self._issuer(environ, start_response)
        try:
            response = Response(json.dumps({"token": self._sign(request.get_json())}))
            response.content_type = "application/json"
        except (BadRequest, UnsupportedMediaType, KeyError, TypeError):
            response = Response("send {tenant, role} as application/json", status=400)
        return response(environ, start_response)

    def _sign(self, wanted: dict[str, object]) -> str:
        if wanted["role"] not in ROLES:
            raise KeyError(wanted["role"])
        claims = {
            "tenant": wanted["tenant"],
            "role": wanted["role"],
            "resources": wanted.get("resources", []),
        }
        return self._issuer.sign(
            claims,
            audience=AUDIENCE,
            subject=str(wanted.get("subject", "developer")),
            lifetime=LIFETIME,
            now=datetime.now(UTC),
        )


def staff_token(issuer_url: str, *, tenant: str, role: str, resources: Sequence[str] = ()) -> str:
    """Fetch a token from a running stack.

    Raises:
        StackNotRunning: no issuer answers there.
    """
    wanted = {"tenant": tenant, "role": role, "resources": list(resources)}
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(f"{issuer_url}{TOKEN_PATH}", json=wanted, timeout=_SECONDS)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise StackNotRunning(
                f"no staff token from {issuer_url}: is `python -m local up` running?"
            ) from error
        return str(answer.json()["token"])
