"""Calls the functions as a front end does: HTTP and JSON, with a staff token or as the public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from local.closeable import Closeable
from local.demo.checks import CheckFailed

_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the JSON body of an answer."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """The stable ``code`` of a problem, empty for other answers."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class FrontEnd(Closeable):
    """A front end of one person; to be used by one thread at a time."""

    def __init__(self, base: str, *, token: str = "") -> None:
        """``base`` is the functions' address; ``token`` is sent as a bearer token if there is one."""
        self._base = base
        self._session = requests.Session()
        # The functions are local, so no proxy of the environment is used.
        self._session.trust_env = False
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: str
    ) -> Answer:
        """Send one request and return the answer, whatever its status."""
        named = {name.rstrip("_"): value for name, value in query.items()}
        reply = self._session.request(
            method, f"{self._base}{path}", json=body, params=named, headers=headers, timeout=_SECONDS
        )
        return Answer(reply.status_code, reply.json() if reply.content else None)

    def get(self, path: str, **query: str) -> Any:
        """Send GET and return the body; a trailing underscore of a query parameter's name is dropped."""
        return self._must("GET", path, None, query)

    def post(self, path: str, body: Any = None, **query: str) -> Any:
        """Send POST and return the body."""
        return self._must("POST", path, {} if body is None else body, query)

    def put(self, path: str, body: Any, **query: str) -> Any:
        """Send PUT and return the body."""
        return self._must("PUT", path, body, query)

    def patch(self, path: str, body: Any, **query: str) -> Any:
        """Send PATCH and return the body."""
        return self._must("PATCH", path, body, query)

    def delete(self, path: str, **query: str) -> Any:
        """Send DELETE and return the body."""
        return self._must("DELETE", path, None, query)

    def _must(self, method: str, path: str, body: Any, query: dict[str, str]) -> Any:
        answer = self.ask(method, path, body, headers=None, **query)
        if answer.status >= 400:
            detail = answer.body.get("detail", "") if isinstance(answer.body, dict) else ""
            raise CheckFailed(f"{method} {path} was answered {answer.status} {answer.code} {detail}".strip())
        return answer.body

    def follow(self, path: str) -> str:
        """Open an address as a browser does; returns the address to which it is redirected."""
        reply = self._session.get(f"{self._base}{path}", timeout=_SECONDS, allow_redirects=False)
        if "Location" not in reply.headers:
            raise CheckFailed(
                f"the browser was not redirected but shown a page with status {reply.status_code}"
            )
        return str(reply.headers["Location"])

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
