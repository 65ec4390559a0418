"""Runs the local Cloud Tasks in this process: gRPC API, REST API, control API and the worker threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from local.closeable import Closeable
from local.cloud_tasks.control_api import ControlApi
from local.cloud_tasks.engine import Engine
from local.cloud_tasks.grpc_api import GrpcApi
from local.cloud_tasks.model import QueueSettings
from local.cloud_tasks.rest_api import RestApi
from local.cloud_tasks.service import Service
from local.issuer import Issuer
from local.server import Served, serve

_IDLE_POLL = timedelta(seconds=5)
_STOP_SECONDS = 3.0


class TasksServer(Closeable):
    """Serves an engine: ``grpc_target`` for the official client, ``base_url`` for REST and ``/_sim/``.

    With ``workers=0`` nothing is dispatched by itself: a test calls ``engine.drain()``.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        grpc_port: int = 0,
        http_port: int = 0,
        workers: int = 0,
        issuer: Issuer | None = None,
        accepts: Callable[[str], bool] | None = None,
    ) -> None:
        """Start serving.

        Args:
            engine: The queues and tasks.
            grpc_port: Port of the gRPC API; 0 takes a free one.
            http_port: Port of the REST API and the control API.
            workers: Threads that dispatch in real time.
            issuer: Its documents are served beside the API.
            accepts: Checks the bearer tokens of REST calls; without it all are accepted, as over gRPC.
        """
        self.engine = engine
        service = Service(engine)
        self._grpc = GrpcApi(service, port=grpc_port)
        self.grpc_target = self._grpc.target
        router = _PathRouter(RestApi(service, accepts=accepts), ControlApi(engine), issuer)
        self._http: Served = serve(router, port=http_port)
        self.base_url = self._http.base_url
        self._stopping = threading.Event()
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        """Stop dispatching and serving; a dispatch under way is not interrupted."""
        self._stopping.set()
        self.engine.notify_workers()
        self._http.close()
        self._grpc.close()
        for worker in self._workers:
            worker.join(_STOP_SECONDS)

    def _work(self) -> None:
        while not self._stopping.is_set():
            delivery = self.engine.take()
            if delivery is None:
                self.engine.wait_for_work(_IDLE_POLL)
            else:
                self.engine.deliver(delivery)


def queues_from(
    settings: Mapping[str, Mapping[str, Any]], *, project: str, location: str
) -> dict[str, QueueSettings]:
    """Queue settings by full queue name, from a JSON file's ``{queue id: settings}``; full names are kept."""
    return {
        name
        if "/" in name
        else f"projects/{project}/locations/{location}/queues/{name}": QueueSettings.from_mapping(given)
        for name, given in settings.items()
    }


class _PathRouter:
    """Sends a request to the REST API, the control API or the issuer, by its path."""

    def __init__(self, rest: WSGIApplication, control: WSGIApplication, issuer: Issuer | None) -> None:
        self._rest = rest
        self._control = control
        self._issuer = issuer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/_sim/"):
            return self._control(environ, start_response)
        if path.startswith("/v2/") or self._issuer is None:
            return self._rest(environ, start_response)
        return self._issuer(environ, start_response)
