"""A client whose other side answers from a script."""

from __future__ import annotations

from typing import Any

import httplib2

from common.providers.google.client import GoogleClient

Answer = tuple[int, bytes] | Exception


class Scripted(httplib2.Http):
    """A connection whose other side answers from a script, and that remembers what it was sent."""

    def __init__(self, script: list[Answer], timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.script = script
        self.sent: list[dict[str, str]] = []
        self.closed = False

    def request(self, uri: str, method: str = "GET", **sent: Any) -> tuple[httplib2.Response, bytes]:
        self.sent.append(sent["headers"])
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httplib2.Response({"status": str(answer[0])}), answer[1]

    def close(self) -> None:
        self.closed = True


class Wire:
    """A client over scripted connections."""

    def __init__(self, *script: Answer) -> None:
        self.opened: list[Scripted] = []
        self.script = list(script)
        self.client = GoogleClient(timeout=9.0, live_timeout=1.5, http_factory=self.open)

    def open(self, timeout: float) -> Scripted:
        self.opened.append(Scripted(self.script, timeout))
        return self.opened[-1]

    def request(self) -> Any:
        return self.client.service.events().list(calendarId="ada@example.com")


def ask(wire: Wire, **options: Any) -> object:
    return wire.client.read("token", wire.request(), **options)
