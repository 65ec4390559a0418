"""Calls a simulated provider: its control API below ``/_sim/``, and its consent page as a browser does."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

from local.closeable import Closeable
from local.demo.checks import check

_SECONDS = 30


class SimulatorClient(Closeable):
    """A client of a simulator's operations below ``/_sim/``, and a browser on its consent page."""

    def __init__(self, base: str, name: str) -> None:
        """``base`` is the simulator's address, ``name`` the provider's name for messages."""
        self._base = base
        self._name = name
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, operation: str, **arguments: Any) -> Any:
        """Run an operation and return its result."""
        return self._answer(
            self._session.post(f"{self._base}/_sim/{operation}", json=arguments, timeout=_SECONDS)
        )

    def read(self, reading: str, **query: str) -> Any:
        """Read something and return it."""
        return self._answer(self._session.get(f"{self._base}/_sim/{reading}", params=query, timeout=_SECONDS))

    def _answer(self, reply: requests.Response) -> Any:
        check(
            f"the control API of the simulated {self._name} answers", holds=reply.ok, because=reply.text[:200]
        )
        return reply.json()["result"]

    def consent(self, address: str, *, account: str, decision: str) -> str:
        """Accept everything on the consent page; returns the address to which the browser is sent."""
        page = self._session.get(address, timeout=_SECONDS)
        check("the consent page opens", holds=page.ok, because=page.status_code)
        form = _Form(page.text)
        check("the page offers the account", holds=account in form.accounts, because=form.accounts)
        fields = [*form.hidden, *(("scope", box) for box in form.boxes)]
        fields += [("account", account), ("decision", decision)]
        answer = self._session.post(
            urljoin(address, form.action), data=fields, timeout=_SECONDS, allow_redirects=False
        )
        check("the consent page sends the browser back", holds=answer.is_redirect, because=answer.status_code)
        return str(answer.headers["Location"])

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class _Form(HTMLParser):
    """The form of the consent page: hidden fields, check boxes, and the accounts to choose from."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: list[tuple[str, str]] = []
        self.boxes: list[str] = []
        self.accounts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read one element of the page."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found.get("action", "")
        if tag == "input":
            self._take(found.get("type", ""), found.get("name", ""), found.get("value", ""))

    def _take(self, kind: str, name: str, value: str) -> None:
        if kind == "hidden":
            self.hidden.append((name, value))
        elif kind == "checkbox":
            self.boxes.append(value)
        elif kind == "radio":
            self.accounts.append(value)
