"""Serves the Cloud Tasks API over gRPC, as the official client calls it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc
from google.cloud import tasks_v2

from local.cloud_tasks.errors import ApiError
from local.cloud_tasks.service import Service

_SERVICE = "google.cloud.tasks.v2.CloudTasks"
_REPLIES: dict[str, Any] = {
    "CreateQueue": tasks_v2.Queue,
    "GetQueue": tasks_v2.Queue,
    "ListQueues": tasks_v2.ListQueuesResponse,
    "UpdateQueue": tasks_v2.Queue,
    "DeleteQueue": None,
    "PurgeQueue": tasks_v2.Queue,
    "PauseQueue": tasks_v2.Queue,
    "ResumeQueue": tasks_v2.Queue,
    "CreateTask": tasks_v2.Task,
    "GetTask": tasks_v2.Task,
    "ListTasks": tasks_v2.ListTasksResponse,
    "DeleteTask": None,
    "RunTask": tasks_v2.Task,
}


class GrpcApi:
    """A gRPC server on a loopback port; ``close()`` stops it."""

    def __init__(self, service: Service, *, port: int = 0, host: str = "127.0.0.1") -> None:
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="tasks-grpc")
        self._server = grpc.server(self._pool, options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers((_handlers(service),))
        bound = self._server.add_insecure_port(f"{host}:{port}")
        self.target = f"{host}:{bound}"
        self._server.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.stop(grace=0.5).wait()
        self._pool.shutdown()


def _handlers(service: Service) -> grpc.GenericRpcHandler[Any, Any]:
    methods = {}
    for name, reply in _REPLIES.items():
        request: Any = getattr(tasks_v2, f"{name}Request")
        methods[name] = grpc.unary_unary_rpc_method_handler(
            _answering(getattr(service, _snake(name))),
            request_deserializer=request.deserialize,
            response_serializer=reply.serialize if reply else _nothing,
        )
    return grpc.method_handlers_generic_handler(_SERVICE, methods)


def _nothing(_reply: None) -> bytes:
    """The serialised google.protobuf.Empty."""
    return b""


def _answering(call: Callable[[Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(request)
        except ApiError as refusal:
            _abort(context, refusal)

    return answer


def _abort(context: grpc.ServicerContext, refusal: ApiError) -> NoReturn:
    context.abort(grpc.StatusCode[refusal.code], refusal.message)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
