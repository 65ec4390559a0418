"""Serves a simulator over HTTP on the loopback address, for as long as a with-block lasts."""

import threading
from types import TracebackType
from typing import Self

from werkzeug.serving import WSGIRequestHandler, make_server

from local.microsoft.simulator import MicrosoftSimulator


class _Quiet(WSGIRequestHandler):
    """Addresses hold tokens and mail addresses, so nothing is printed."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""


class MicrosoftServer:
    """A threaded server; `url` and the endpoint properties are what clients are given."""

    def __init__(self, simulator: MicrosoftSimulator, *, port: int = 0, auto_push: bool = False) -> None:
        self.simulator = simulator
        self._auto_push = auto_push
        self._server = make_server("127.0.0.1", port, simulator, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._serve, name="microsoft", daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def graph_endpoint(self) -> str:
        """GRAPH_ENDPOINT."""
        return f"{self.url}/v1.0"

    @property
    def login_endpoint(self) -> str:
        """MICROSOFT_LOGIN_ENDPOINT: stands in for https://login.microsoftonline.com."""
        return self.url

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def start(self) -> None:
        """Begin to serve, and to push if asked to."""
        self._thread.start()
        if self._auto_push:
            self.simulator.push.start()

    def stop(self) -> None:
        """End serving and pushing, and close every socket."""
        self.simulator.close()
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
