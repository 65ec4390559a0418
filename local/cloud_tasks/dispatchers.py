"""Send requests to workers: over HTTP in the running stack, or by calling a WSGI app in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

import urllib3
from werkzeug.test import EnvironBuilder, run_wsgi_app

from local.cloud_tasks.model import NO_ANSWER, Answer, HttpRequest

_CONNECT_SECONDS = 10.0


class HttpDispatcher:
    """Sends requests over pooled HTTP connections; follows no redirect and never retries."""

    def __init__(self, *, connections: int = 32) -> None:
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False)

    def __call__(self, request: HttpRequest) -> Answer:
        """Send one request and wait for the answer up to its deadline."""
        seconds = request.deadline.total_seconds()
        try:
            response = self._pool.request(
                request.method,
                request.url,
                body=request.body or None,
                headers=dict(request.headers),
                timeout=urllib3.Timeout(connect=min(_CONNECT_SECONDS, seconds), read=seconds),
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            return Answer(NO_ANSWER)
        return Answer(response.status, retry_after(response.headers.get("Retry-After"), datetime.now(UTC)))

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.clear()


class WsgiDispatcher:
    """Calls a WSGI app in the same thread; an exception of the app reaches the test."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, request: HttpRequest) -> Answer:
        """Pass one request to the app; host and scheme of the URL are passed on, but nothing is resolved."""
        parts = urlsplit(request.url)
        builder = EnvironBuilder(
            path=parts.path or "/",
            base_url=f"{parts.scheme}://{parts.netloc}",
            query_string=parts.query,
            method=request.method,
            headers=list(request.headers.items()),
            data=request.body,
        )
        try:
            chunks, status, headers = run_wsgi_app(self._app, builder.get_environ(), buffered=True)
        finally:
            builder.close()
        for _ in chunks:
            pass
        return Answer(int(status.split()[0]), retry_after(headers.get("Retry-After"), datetime.now(UTC)))


def retry_after(given: str | None, now: datetime) -> timedelta | None:
    """Read a Retry-After header, in seconds or as a date; a value of another form counts as absent."""
    if not given:
        return None
    try:
        return timedelta(seconds=int(given))
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(given) - now, timedelta(0))
    except (ValueError, TypeError):
        return None
