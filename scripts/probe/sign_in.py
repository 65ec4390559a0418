"""Signs the operator's test account in: authorization code with PKCE, sent back to this machine.

See https://www.rfc-editor.org/rfc/rfc8252 for the loopback redirect.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from scripts.probe.web import Json, Web

THANKS: Final = b"<p>The probe has what it needs. This page can be closed.</p>"
# How long a browser may take to send its request once it is connected, in seconds.
PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """Where an account signs in, what it is asked for, and which client asks.

    `client` holds the form fields that name the client: its id, and its secret where it has one. `host` is
    the name of this machine in the redirect address, as the provider wants it.
    """

    consent: str
    token: str
    scopes: tuple[str, ...]
    client: Mapping[str, str]
    host: str
    more: Mapping[str, str] = field(default_factory=dict)


class _Redirect(BaseHTTPRequestHandler):
    timeout = PATIENCE

    def do_GET(self) -> None:
        """Keep what the provider sent along, and thank."""
        found = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if isinstance(self.server, _Receiver) and ("code" in found or "error" in found):
            self.server.found = found
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(THANKS)))
        self.end_headers()
        self.wfile.write(THANKS)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing: the address holds the code."""


class _Receiver(HTTPServer):
    """Waits on this machine for the browser to come back."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Redirect)
        self.found: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server_close()

    def wait(self) -> Mapping[str, str]:
        """Serve until a request brought a code or an error."""
        while not self.found:
            self.handle_request()
        return self.found


def signed_in(web: Web, sign_in: SignIn, *, show: Callable[[str], None], port: int = 0) -> Json:
    """The answer of the token endpoint after a person consented at the address that is shown.

    Ends the program where the person refused or the code was not taken.
    """
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    with _Receiver(port) as receiver:
        redirect = f"http://{sign_in.host}:{receiver.server_port}"
        asked = {
            "client_id": sign_in.client["client_id"],
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": " ".join(sign_in.scopes),
            "state": state,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
            **sign_in.more,
        }
        show(f"{sign_in.consent}?{urlencode(asked)}")
        found = receiver.wait()
    if "code" not in found or not secrets.compare_digest(found.get("state", ""), state):
        raise SystemExit("the account was not signed in: the consent was refused, or was not ours")
    return _granted(
        web,
        sign_in,
        {
            "grant_type": "authorization_code",
            "code": found["code"],
            "redirect_uri": redirect,
            "code_verifier": verifier,
        },
    )


def refreshed(web: Web, sign_in: SignIn, refresh_token: str) -> Json:
    """The answer of the token endpoint for a refresh token, which is kept in it unless there is another."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return {"refresh_token": refresh_token} | _granted(web, sign_in, form)


def _granted(web: Web, sign_in: SignIn, form: Mapping[str, str]) -> Json:
    answer = web.ask("POST", sign_in.token, form={**form, **sign_in.client})
    if not answer.good or "access_token" not in answer.found:
        raise SystemExit(f"the account could not be signed in: {answer.said}")
    return answer.found


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
