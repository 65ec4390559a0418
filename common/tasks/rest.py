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
from common.tasks.message import DISPATCH_DEADLINE_SECONDS, Addressing, Message

CONFLICT = 409
OK = 200
METADATA = "http://metadata.google.internal"
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path


class MetadataToken:
    """The function's own access token, from the metadata server, kept until shortly before it ends.

    See https://cloud.google.com/run/docs/container-contract#metadata-server.
    """

    def __init__(self, server: KeepAlive, *, seconds: Callable[[], float] = time.monotonic) -> None:
        """Ask ``server``; ``seconds`` is a monotonic clock."""
        self._server = server
        self._seconds = seconds
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def __call__(self) -> str:
        """The token.

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
    """The queue of the webhooks; passes the same contract suite as the official client."""

    def __init__(self, config: Config, *, token: Callable[[], str] | None = None) -> None:
        """Keep connections to the queue; ``token`` stands in for the metadata server's."""
        self._addressing = Addressing(config)
        self._server = KeepAlive(config.tasks.rest_endpoint)
        self._token = token or MetadataToken(KeepAlive(METADATA))

    def enqueue(self, task: Task) -> bool:
        """Queue a task; False when a task of this name is or was there already.

        Raises:
            StoreUnavailable: the queue did not accept it.
        """
        message = self._addressing.message(task)
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        body = json.dumps({"task": _task(message)}).encode()
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


def _task(message: Message) -> dict[str, object]:
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


SECONDS = 5.0
LARGEST = 1_000_000
_KEPT = 16
_CHUNK = 65_536
_GAP = b"\r\n\r\n"


class NoAnswer(Exception):
    """The other side could not be reached, or what it said is no HTTP answer."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status and the body."""

    status: int
    body: bytes


class KeepAlive:
    """Connections to one origin; each is used by one thread at a time and kept for the next."""

    def __init__(self, origin: str, *, seconds: float = SECONDS, trust: ssl.SSLContext | None = None) -> None:
        """Speak to ``origin`` (scheme, host and perhaps port), waiting at most ``seconds`` for each piece.

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
            NoAnswer: There is no saying whether the request was worked off.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._authority}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        raw = "\r\n".join([*lines, "", ""]).encode() + body
        try:
            line = self._taken() or self._opened()
            try:
                line.sendall(raw)
                reply = _Reading(line)
                answer = reply.answer()
            except BaseException:
                line.close()
                raise
        except (OSError, ValueError) as error:
            raise NoAnswer("no HTTP answer came") from error
        self._give_back(line, keep=reply.keep)
        return answer

    def close(self) -> None:
        """Close what is kept."""
        while self._idle:
            self._idle.pop().close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._trust or ssl.create_default_context()

    def _taken(self) -> socket.socket | None:
        """A kept connection that the other side has not closed meanwhile."""
        while self._idle:
            try:
                line = self._idle.pop()
            except IndexError:
                break
            readable, _, _ = select.select([line], [], [], 0)
            if not readable:
                return line
            line.close()
        return None

    def _opened(self) -> socket.socket:
        plain = socket.create_connection((self._host, self._port), timeout=self._seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._tls:
            return plain
        try:
            return self._context.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise

    def _give_back(self, line: socket.socket, *, keep: bool) -> None:
        if keep and len(self._idle) < _KEPT:
            self._idle.append(line)
            return
        with closing(line):
            return


class _Reading:
    """Reads one answer: https://www.rfc-editor.org/rfc/rfc9112#section-6."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._got = b""
        self.keep = False

    def answer(self) -> HttpAnswer:
        """Everything up to its end.

        Raises:
            OSError: The connection ended before the answer did.
            ValueError: It is no answer, or too large.
        """
        while True:
            version, _, rest = self._until(_GAP).partition(b" ")
            if not version.startswith(b"HTTP/1."):
                raise ValueError("not HTTP")
            status = int(rest[:3])
            fields = _fields(rest)
            if status >= 200:  # noqa: PLR2004 - below are announcements of the answer
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
        self.keep = framed and version == b"HTTP/1.1" and not closing_down and not self._got
        return HttpAnswer(status, body)

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._until(b"\r\n").partition(b";")[0], 16):
            parts.append(self._exactly(size))
            self._until(b"\r\n")
            if sum(map(len, parts)) > LARGEST:
                raise ValueError("too large")
        while self._until(b"\r\n"):
            pass
        return b"".join(parts)

    def _rest(self) -> bytes:
        while len(self._got) <= LARGEST and (more := self._line.recv(_CHUNK)):
            self._got += more
        body, self._got = self._got, b""
        return body

    def _exactly(self, size: int) -> bytes:
        if not 0 <= size <= LARGEST:
            raise ValueError("too large")
        while len(self._got) < size:
            self._more()
        body, self._got = self._got[:size], self._got[size:]
        return body

    def _until(self, end: bytes) -> bytes:
        while end not in self._got:
            if len(self._got) > LARGEST:
                raise ValueError("too large")
            self._more()
        head, _, self._got = self._got.partition(end)
        return head

    def _more(self) -> None:
        more = self._line.recv(_CHUNK)
        if not more:
            raise OSError("the connection ended")
        self._got += more


def _fields(head: bytes) -> dict[bytes, bytes]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in pairs}
