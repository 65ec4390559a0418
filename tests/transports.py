"""In-process replacements for sockets: a WSGI application as an httplib2 connection or a requests adapter."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import StartResponse, WSGIApplication

import httplib2
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

Call = tuple[int, list[tuple[str, str]], bytes]


def environment(
    method: str, url: str, headers: Mapping[str, str], body: bytes, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The WSGI environment of a request, as an HTTP server would build it."""
    parts = urlsplit(url)
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path).encode().decode("latin-1"),
        "RAW_URI": parts.path + (f"?{parts.query}" if parts.query else ""),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{_variable(name): str(value) for name, value in headers.items()},
        **extra,
    }


def _variable(name: str) -> str:
    upper = name.upper().replace("-", "_")
    return upper if upper in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{upper}"


def call(application: WSGIApplication, environ: dict[str, Any]) -> Call:
    """Run one request through an application."""
    started: list[Any] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _: Any = None
    ) -> Callable[[bytes], object]:
        started[:] = [int(status.split(maxsplit=1)[0]), headers]
        return written.append

    written: list[bytes] = []
    start: StartResponse = start_response
    answer: Iterable[bytes] = application(environ, start)
    try:
        written.extend(answer)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    status, headers = started
    return status, headers, b"".join(written)


class WsgiHttp(httplib2.Http):
    """An httplib2 connection whose server is a WSGI application in this process."""

    def __init__(self, application: WSGIApplication, timeout: float = 20.0) -> None:
        super().__init__(timeout=timeout)
        self._application = application

    def request(  # noqa: PLR0917 - httplib2 calls it so
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Any = None,
        redirections: int = 5,
        connection_type: Any = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Send one request; redirects are returned and not followed, as in production."""
        data = body.encode() if isinstance(body, str) else body or b""
        environ = environment(method, uri, headers or {}, data, {})
        status, answered, content = call(self._application, environ)
        lowered = {name.lower(): value for name, value in answered}
        return httplib2.Response({**lowered, "status": str(status)}), content


class WsgiAdapter(BaseAdapter):
    """A requests adapter whose server is a WSGI application in this process."""

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__()
        self._application = application

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        """Send one request."""
        body = request.body or b""
        data = body.encode() if isinstance(body, str) else bytes(body)
        environ = environment(request.method or "GET", request.url or "", request.headers, data, {})
        try:
            status, headers, content = call(self._application, environ)
        except OSError as error:
            raise requests.ConnectionError(error, request=request) from error
        raw = HTTPResponse(
            body=io.BytesIO(content),
            headers=HTTPHeaderDict(headers),
            status=status,
            preload_content=False,
        )
        response = requests.Response()
        response.status_code = status
        response.headers = requests.structures.CaseInsensitiveDict(headers)
        response.raw = raw
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """There is nothing to close."""


def wsgi_session(application: WSGIApplication) -> requests.Session:
    """A requests session that sends every request to ``application``."""
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, WsgiAdapter(application))
    return session
