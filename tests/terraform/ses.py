"""Amazon SES for Terraform: moto's server, with the little that it lacks for an identity."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import urllib3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local.server import serve

IDENTITIES = re.compile(r"/v2/email/identities(/[^/]+)?$")
NOW = 1_900_000_000
IDENTITY = re.compile(r"/v2/email/identities/([^/]+)(/mail-from)?")


class Ses:
    """Moto keeps no MAIL FROM domain, and gives times and sending options in forms that are not Amazon's."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.mail_from: dict[str, dict[str, Any]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        method, found = environ["REQUEST_METHOD"], IDENTITY.fullmatch(environ["PATH_INFO"])
        if found and found[2] and method == "PUT":
            self.mail_from[found[1]] = {**json.loads(body), "MailFromDomainStatus": "PENDING"}
            return _json(start_response, {})
        if environ["PATH_INFO"] == "/v2/email/configuration-sets" and method == "POST":
            asked = json.loads(body)
            body = json.dumps(asked | {"SendingOptions": asked["SendingOptions"]["SendingEnabled"]}).encode()
        if IDENTITIES.match(environ["PATH_INFO"]):
            return self._identity(
                environ, start_response, body, self.mail_from.get(found[1]) if found else None
            )
        return self._pass(environ, start_response, body)

    def _identity(
        self, environ: WSGIEnvironment, start_response: StartResponse, body: bytes, sender: Any
    ) -> Iterable[bytes]:
        heard: list[Any] = []
        parts = self._pass(environ, lambda *said: heard.append(said) or (lambda _: None), body)
        answer = json.loads(b"".join(parts) or b"{}")
        for times in (answer, answer.get("DkimAttributes") or {}):
            times.update({name: NOW for name in times if name.endswith("Timestamp")})
        extra = {"MailFromAttributes": sender} if sender and environ["REQUEST_METHOD"] == "GET" else {}
        return _json(start_response, answer | extra, status=heard[0][0])

    def _pass(self, environ: WSGIEnvironment, start_response: Any, body: bytes) -> Iterable[bytes]:
        passed = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        answer: Iterable[bytes] = self.moto(passed, start_response)
        return answer


def _json(start_response: StartResponse, value: Any, *, status: str = "200 OK") -> Iterable[bytes]:
    raw = json.dumps(value).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(raw)))])
    return [raw]


@contextmanager
def amazon() -> Iterator[str]:
    """Its address; what was made before is forgotten, since moto keeps it for the whole process."""
    with serve(Ses()) as server:
        reset = f"{server.base_url}/moto-api/reset"
        urllib3.request("POST", reset).drain_conn()
        yield server.base_url
        urllib3.request("POST", reset).drain_conn()
