"""Cloud Tasks over kept connections: what the webhooks use, because they must start fast."""

from __future__ import annotations

import base64
import json
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from urllib.parse import urlsplit

from common.config import Config
from common.domain.shared.tasks import Task
from common.errors import StoreUnavailable
from common.tasks.message import DISPATCH_DEADLINE_SECONDS, TaskAddresses, TaskMessage

# Waited at most for each piece of an answer.
TIMEOUT_SECONDS = 5.0
MAX_BODY_BYTES = 1_000_000
_MAX_IDLE = 16
_READ_BYTES = 65_536
_END_OF_HEAD = b"\r\n\r\n"


class NoAnswer(Exception):
    """The server could not be reached, or what came is no HTTP answer."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer's status and body."""

    status: int
    body: bytes


class KeepAlive:
    """An HTTP client of one origin; each connection serves one thread at a time and is kept for reuse."""

    def __init__(
        self, origin: str, *, seconds: float = TIMEOUT_SECONDS, trust: ssl.SSLContext | None = None
    ) -> None:
        """A client of ``origin`` (scheme, host, perhaps port) that waits at most ``seconds`` for each piece.

        Certificates are checked against ``trust``, the machine's own list by default.
        """
        parts = urlsplit(origin)
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._authority = parts.netloc
        self._seconds = seconds
        self._trust = trust
        self._idle: list[socket.socket] = []

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> HttpAnswer:
        """Send one request and read its answer; nothing is sent twice.

        Raises:
            NoAnswer: No answer came; whether the request was worked off is unknown.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._authority}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        raw = "\r\n".join([*lines, "", ""]).encode() + body
        try:
            connection = self._take_idle() or self._connect()
            try:
                connection.sendall(raw)
                reply = _ResponseReader(connection)
                answer = reply.answer()
            except BaseException:
                connection.close()
                raise
        except (OSError, ValueError) as error:
            raise NoAnswer("no HTTP answer came") from error
        self._keep_or_close(connection, keep=reply.keep)
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._trust or ssl.create_default_context()

    def _take_idle(self) -> socket.socket | None:
        """A kept connection that the other side has not closed meanwhile."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            readable, _, _ = select.select([connection], [], [], 0)
            if not readable:
                return connection
            connection.close()
        return None

    def _connect(self) -> socket.socket:
        plain = socket.create_connection((self._host, self._port), timeout=self._seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._tls:
            return plain
        try:
            return self._context.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise

    def _keep_or_close(self, connection: socket.socket, *, keep: bool) -> None:
        if keep and len(self._idle) < _MAX_IDLE:
            self._idle.append(connection)
            return
        with closing(connection):
            return


class _ResponseReader:
    """Reads one answer from a connection: https://www.rfc-editor.org/rfc/rfc9112#section-6."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""
        self.keep = False

    def answer(self) -> HttpAnswer:
        """Read the answer to its end; ``keep`` then says whether the connection can be used again.

        Raises:
            OSError: The connection ended before the answer did.
            ValueError: It is no answer, or too large.
        """
        while True:
            version, _, rest = self._until(_END_OF_HEAD).partition(b" ")
            if not version.startswith(b"HTTP/1."):
                raise ValueError("not HTTP")
            status = int(rest[:3])
            fields = _fields(rest)
            if status >= 200:  # noqa: PLR2004 - 1xx announce the answer that follows
                break
        chunked = fields.get(b"transfer-encoding", b"").lower().endswith(b"chunked")
        length = fields.get(b"content-length")
        if status in {204, 304}:
            body = b""
        elif chunked:
            body = self._chunks()
        elif length is not None:
            body = self._exactly(int(length))
        else:
            body = self._rest()
        framed = chunked or length is not None or status in {204, 304}
        closing_down = b"close" in fields.get(b"connection", b"").lower()
        self.keep = framed and version == b"HTTP/1.1" and not closing_down and not self._buffer
        return HttpAnswer(status, body)

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._until(b"\r\n").partition(b";")[0], 16):
            parts.append(self._exactly(size))
            self._until(b"\r\n")
            if sum(map(len, parts)) > MAX_BODY_BYTES:
                raise ValueError("too large")
        while self._until(b"\r\n"):
            pass
        return b"".join(parts)

    def _rest(self) -> bytes:
        while len(self._buffer) <= MAX_BODY_BYTES and (more := self._connection.recv(_READ_BYTES)):
            self._buffer += more
        body, self._buffer = self._buffer, b""
        return body

    def _exactly(self, size: int) -> bytes:
        if not 0 <= size <= MAX_BODY_BYTES:
            raise ValueError("too large")
        while len(self._buffer) < size:
            self._more()
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return body

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            if len(self._buffer) > MAX_BODY_BYTES:
                raise ValueError("too large")
            self._more()
        head, _, self._buffer = self._buffer.partition(end)
        return head

    def _more(self) -> None:
        more = self._connection.recv(_READ_BYTES)
        if not more:
            raise OSError("the connection ended")
        self._buffer += more


def _fields(head: bytes) -> dict[bytes, bytes]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in pairs}


CONFLICT = 409
OK = 200
METADATA = "http://metadata.google.internal"
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path


class MetadataToken:
    """The function's own access token, from the metadata server, kept until shortly before it ends.

    See https://cloud.google.com/run/docs/container-contract#metadata-server.
    """

    def __init__(self, server: KeepAlive, *, seconds: Callable[[], float] = time.monotonic) -> None:
        """Ask the metadata ``server``; ``seconds`` is a monotonic clock."""
        self._server = server
        self._seconds = seconds
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def __call__(self) -> str:
        """A token that is valid for at least some seconds.

        Raises:
            StoreUnavailable: the metadata server did not give one.
        """
        with self._lock:
            if self._seconds() >= self._until:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        try:
            answer = json.loads(self._server.exchange("GET", TOKEN, {"Metadata-Flavor": "Google"}).body)
            self._token = str(answer["access_token"])
            self._until = self._seconds() + float(answer["expires_in"]) - 60
        except (NoAnswer, ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable("no access token for the task queue", code="queue_unavailable") from error


class RestTaskQueue:
    """The task queue of the webhooks; it passes the same contract tests as the official client."""

    def __init__(self, config: Config, *, token: Callable[[], str] | None = None) -> None:
        """Connect when first used; ``token`` replaces the metadata server's access token."""
        self._addresses = TaskAddresses(config)
        self._server = KeepAlive(config.tasks.rest_endpoint)
        self._token = token or MetadataToken(KeepAlive(METADATA))

    def enqueue(self, task: Task) -> bool:
        """Queue a task; False when a task of this name is or was there already.

        Raises:
            StoreUnavailable: the queue did not accept it.
        """
        message = self._addresses.message(task)
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        body = json.dumps({"task": _to_api(message)}).encode()
        try:
            reply = self._server.exchange("POST", f"/v2/{message.parent}/tasks", headers, body)
        except NoAnswer as error:
            raise StoreUnavailable("the task queue could not be reached", code="queue_unavailable") from error
        if reply.status == CONFLICT:
            return False
        if reply.status != OK:
            raise StoreUnavailable("the task queue did not accept a task", code="queue_unavailable")
        return True

    def close(self) -> None:
        """Close the connections."""
        self._server.close()


def _to_api(message: TaskMessage) -> dict[str, object]:
    task: dict[str, object] = {
        "httpRequest": {
            "httpMethod": "POST",
            "url": message.url,
            "headers": {"Content-Type": "application/json"},
            "body": base64.b64encode(message.body).decode(),
            "oidcToken": {"serviceAccountEmail": message.service_account, "audience": message.audience},
        },
        "dispatchDeadline": f"{DISPATCH_DEADLINE_SECONDS}s",
    }
    if message.name:
        task["name"] = message.name
    if message.not_before:
        task["scheduleTime"] = message.not_before.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return task
