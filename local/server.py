"""Serves a WSGI app in background threads: HTTP/1.1 with keep-alive and a limit of parallel requests."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from typing import Any
from urllib.parse import unquote
from wsgiref.types import WSGIApplication

from local.closeable import Closeable

_IDLE_SECONDS = 15.0
_CLOSE_SECONDS = 5.0
_MOST_BODY = 64 * 1024 * 1024
_WITHOUT_BODY = {204, 304}


@dataclass(frozen=True, slots=True)
class Served(Closeable):
    """A running server; ``close()`` it, or use it as a context manager."""

    base_url: str
    port: int
    _server: _Server = field(repr=False)
    _thread: threading.Thread = field(repr=False)

    def close(self) -> None:
        """Stop listening, close open connections and wait for their threads; calling it twice is fine."""
        self._server.shutdown()
        self._server.finish()
        self._thread.join(_CLOSE_SECONDS)


def serve(app: WSGIApplication, *, port: int = 0, host: str = "127.0.0.1", requests: int = 32) -> Served:
    """Serve an app until ``close()``; port 0 takes a free one.

    Args:
        app: Any WSGI application; it is called from several threads.
        port: Where to listen.
        host: The address to listen on.
        requests: How many calls of the app may run at once; further ones wait.
    """
    server = _Server((host, port), app, requests)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    bound = server.server_address[1]
    return Served(f"http://{host}:{bound}", int(bound), server, thread)


class _Server(socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], app: WSGIApplication, requests: int) -> None:
        self.app = app
        self.slots = threading.BoundedSemaphore(requests)
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread of its own; an idle one ends after some seconds."""
        thread = threading.Thread(target=self._serve_connection, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[request] = thread
        thread.start()

    def finish(self) -> None:
        """Close the connections and wait for their threads."""
        self.server_close()
        with self._lock:
            open_now = dict(self._open)
        for connection in open_now:
            _shut_down(connection)
        for thread in open_now.values():
            thread.join(_CLOSE_SECONDS)

    def _serve_connection(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except (ConnectionError, TimeoutError):
            pass  # the client disconnected or was idle; any other error is a defect and must be seen
        finally:
            with self._lock:
                del self._open[request]
            self.shutdown_request(request)


def _shut_down(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # already gone
        return


class _Handler(BaseHTTPRequestHandler):
    """Reads the requests of one connection and passes each to the app."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True
    server: _Server
    server_version = "local"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing."""

    def version_string(self) -> str:
        """The Server header."""
        return self.server_version

    def run_app(self) -> None:
        """Read the body, call the app and send its response."""
        try:
            body = self._body()
        except ValueError:
            return self._refuse(400)
        if body is None:
            return self._refuse(413)
        with self.server.slots:
            reply = _Reply()
            chunks = self.server.app(self._environ(body), reply.start)
            try:
                self._send(reply, chunks)
            finally:
                getattr(chunks, "close", lambda: None)()

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self.send_error(status)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = run_app  # noqa: N815

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(self._chunks())
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(length) if length <= _MOST_BODY else None

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "iso-8859-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": self.path,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name in set(self.headers) - {"Content-Type", "Content-Length"}:
            key = "HTTP_" + name.upper().replace("-", "_")
            environ[key] = ",".join(self.headers.get_all(name, []))
        return environ

    def _send(self, reply: _Reply, chunks: Iterable[bytes]) -> None:
        stream = iter(chunks)
        first = next(stream, b"")  # an app that is a generator calls start_response only now
        silent = self.command == "HEAD" or reply.status in _WITHOUT_BODY
        named = {name.lower() for name, _ in reply.headers}
        chunked = not silent and "content-length" not in named and not isinstance(chunks, list | tuple)
        whole = first if chunked else first + b"".join(stream)
        self.send_response(reply.status, reply.reason)
        for name, value in reply.headers:
            self.send_header(name, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif "content-length" not in named and reply.status not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        if chunked:
            self._send_chunks(whole, stream)
        elif not silent:
            self.wfile.write(whole)

    def _send_chunks(self, first: bytes, rest: Iterator[bytes]) -> None:
        piece: bytes | None = first
        while piece is not None:
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
            piece = next(rest, None)
        self.wfile.write(b"0\r\n\r\n")


class _Reply:
    """The status and headers that the app passed to ``start_response``."""

    def __init__(self) -> None:
        self.status = 500
        self.reason = ""
        self.headers: list[tuple[str, str]] = []

    def start(self, status: str, headers: list[tuple[str, str]], _error: Any = None, /) -> Any:
        """Keep status and headers; the old ``write()`` callable is not supported."""
        code, _, self.reason = status.partition(" ")
        self.status = int(code)
        self.headers = headers
        return self._refuse_write

    def _refuse_write(self, _data: bytes, /) -> None:
        raise NotImplementedError("return an iterable instead of calling write()")
