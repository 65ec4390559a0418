"""Runs the whole local Cloud Tasks in this process: both faces, the back door and the worker threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from local.closing import Closing
from local.cloud_tasks.back_door import BackDoor
from local.cloud_tasks.engine import Engine
from local.cloud_tasks.grpc_face import GrpcFace
from local.cloud_tasks.model import QueueSettings
from local.cloud_tasks.rest_face import RestFace
from local.cloud_tasks.service import Service
from local.issuer import Issuer
from local.server import Served, serve

_LOOK_AGAIN = timedelta(seconds=5)
_STOP_SECONDS = 3.0


class Running(Closing):
    """A served engine: ``grpc_target`` for the official client, ``base_url`` for REST and ``/_sim/``.

    Without workers nothing is dispatched by itself: a test drains the engine.
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
            grpc_port: Port of the gRPC face; 0 takes a free one.
            http_port: Port of everything else.
            workers: Threads that dispatch in real time.
            issuer: Its documents are served beside the API.
            accepts: Judges the bearer tokens of REST calls; without it REST lets all in, as gRPC does.
        """
        self.engine = engine
        service = Service(engine)
        self._grpc = GrpcFace(service, port=grpc_port)
        self.grpc_target = self._grpc.target
        doors = _Doors(RestFace(service, accepts=accepts), BackDoor(engine), issuer)
        self._http: Served = serve(doors, port=http_port)
        self.base_url = self._http.base_url
        self._stopping = threading.Event()
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        """Stop dispatching and serving; a dispatch under way is left to its worker."""
        self._stopping.set()
        self.engine.wake()
        self._http.close()
        self._grpc.close()
        for worker in self._workers:
            worker.join(_STOP_SECONDS)

    def _work(self) -> None:
        while not self._stopping.is_set():
            delivery = self.engine.take()
            if delivery is None:
                self.engine.wait_for_work(_LOOK_AGAIN)
            else:
                self.engine.deliver(delivery)


def queues_from(
    settings: Mapping[str, Mapping[str, Any]], *, project: str, location: str
) -> dict[str, QueueSettings]:
    """Read ``{queue id: settings}`` as it stands in a JSON file; full names are taken as they are."""
    return {
        name
        if "/" in name
        else f"projects/{project}/locations/{location}/queues/{name}": QueueSettings.from_mapping(given)
        for name, given in settings.items()
    }


class _Doors:
    def __init__(self, rest: WSGIApplication, back_door: WSGIApplication, issuer: Issuer | None) -> None:
        self._rest = rest
        self._back_door = back_door
        self._issuer = issuer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/_sim/"):
            return self._back_door(environ, start_response)
        if path.startswith("/v2/") or self._issuer is None:
            return self._rest(environ, start_response)
        return self._issuer(environ, start_response)
