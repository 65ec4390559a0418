"""A client whose other side answers from a script."""

from __future__ import annotations

import io
from typing import Any

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from common.providers.microsoft.client import GraphClient
from common.providers.microsoft.request_bodies import GraphRequest

Answer = tuple[int, bytes] | Exception


class Scripted(BaseAdapter):
    """A connection whose other side answers from a script, and that remembers what it was sent."""

    def __init__(self, script: list[Answer]) -> None:
        super().__init__()
        self.script = script
        self.sent: list[requests.PreparedRequest] = []
        self.timeouts: list[Any] = []
        self.closed = False

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append(request)
        self.timeouts.append(how["timeout"])
        answer = self.script.pop(0)
        if isinstance(answer, requests.RequestException):
            raise answer
        response = requests.Response()
        response.request, response.url = request, request.url or ""
        if isinstance(answer, Exception):
            response.status_code = 200
            response.raw = Broken(answer)
            return response
        response.status_code, content = answer
        response.headers = requests.structures.CaseInsensitiveDict({"Location": "https://evil.example/"})
        response.raw = HTTPResponse(body=io.BytesIO(content), status=answer[0], preload_content=False)
        return response

    def close(self) -> None:
        self.closed = True


class Broken:
    """A body that breaks off while it is read."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read1(self, *_: Any, **__: Any) -> bytes:
        raise self.error

    def release_conn(self) -> None:
        pass

    def close(self) -> None:
        pass


class Wire:
    """A client over scripted connections."""

    def __init__(self, *script: Answer) -> None:
        self.opened: list[Scripted] = []
        self.script = list(script)
        self.client = GraphClient(timeout=9.0, live_timeout=1.5, session_factory=self.open)

    def open(self) -> requests.Session:
        session = requests.Session()
        self.opened.append(Scripted(self.script))
        session.mount("https://", self.opened[-1])
        return session


ASK = GraphRequest("GET", "/me/calendars")
