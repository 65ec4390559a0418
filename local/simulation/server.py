"""Serves a simulator over HTTP on the loopback address, for as long as a with-block lasts."""

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, NoReturn, Protocol, Self, TypeVar

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request

from local.simulation.push_queue import PushQueue


class ServedSimulator(Protocol):
    """A WSGI application with a queue of pushes."""

    @property
    def push(self) -> PushQueue[Any, Any]:
        """The queue of pushes."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one WSGI request."""

    def close(self) -> None:
        """End whatever still waits or runs."""


Simulator = TypeVar("Simulator", bound=ServedSimulator)


class _SilentRequestHandler(WSGIRequestHandler):
    """Logs nothing, because addresses contain tokens and mail addresses."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""


class SimulatorServer(Generic[Simulator]):
    """A threaded HTTP server at `url`; with `auto_push` it also delivers pushes from a thread."""

    def __init__(self, simulator: Simulator, *, port: int = 0, auto_push: bool = False) -> None:
        self.simulator = simulator
        self._auto_push = auto_push
        self._server = make_server(
            "127.0.0.1", port, simulator, threaded=True, request_handler=_SilentRequestHandler
        )
        self._thread = threading.Thread(target=self._serve, name=type(simulator).__name__, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def start(self) -> None:
        """Begin to serve, and to deliver pushes if asked to."""
        self._thread.start()
        if self._auto_push:
            self.simulator.push.start()

    def stop(self) -> None:
        """Stop serving and delivering, and close every socket."""
        self.simulator.close()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(timeout=15)
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def drop_connection(request: Request) -> NoReturn:
    """Close the connection of a request without an answer."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError
