"""Serves the Cloud Tasks API as REST with JSON, as https://cloudtasks.googleapis.com does.

https://cloud.google.com/tasks/docs/reference/rest
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from google.cloud import tasks_v2
from werkzeug.wrappers import Request, Response

from local.cloud_tasks.errors import ApiError, InvalidArgument, NotFound, Unauthenticated
from local.cloud_tasks.service import Service

# protobuf ships without types
_FORMAT: Any = importlib.import_module("google.protobuf.json_format")
_PARENT = r"(?P<{}>projects/[^/]+/locations/[^/]+)"
_QUEUE = r"(?P<{}>projects/[^/]+/locations/[^/]+/queues/[^/:]+)"
_TASK = r"(?P<{}>projects/[^/]+/locations/[^/]+/queues/[^/:]+/tasks/[^/:]+)"
_ROUTES: list[tuple[str, str, str, Any, str]] = [
    ("POST", _PARENT.format("parent") + "/queues", "create_queue", tasks_v2.CreateQueueRequest, "queue"),
    ("GET", _PARENT.format("parent") + "/queues", "list_queues", tasks_v2.ListQueuesRequest, ""),
    ("GET", _QUEUE.format("name"), "get_queue", tasks_v2.GetQueueRequest, ""),
    ("PATCH", _QUEUE.format("queue"), "update_queue", tasks_v2.UpdateQueueRequest, "queue"),
    ("DELETE", _QUEUE.format("name"), "delete_queue", tasks_v2.DeleteQueueRequest, ""),
    ("POST", _QUEUE.format("name") + ":purge", "purge_queue", tasks_v2.PurgeQueueRequest, "*"),
    ("POST", _QUEUE.format("name") + ":pause", "pause_queue", tasks_v2.PauseQueueRequest, "*"),
    ("POST", _QUEUE.format("name") + ":resume", "resume_queue", tasks_v2.ResumeQueueRequest, "*"),
    ("POST", _QUEUE.format("parent") + "/tasks", "create_task", tasks_v2.CreateTaskRequest, "*"),
    ("GET", _QUEUE.format("parent") + "/tasks", "list_tasks", tasks_v2.ListTasksRequest, ""),
    ("GET", _TASK.format("name"), "get_task", tasks_v2.GetTaskRequest, ""),
    ("DELETE", _TASK.format("name"), "delete_task", tasks_v2.DeleteTaskRequest, ""),
    ("POST", _TASK.format("name") + ":run", "run_task", tasks_v2.RunTaskRequest, "*"),
]
_IN_QUERY = {"pageSize", "pageToken", "responseView", "updateMask", "filter"}


class RestApi:
    """The WSGI app below ``/v2/``."""

    def __init__(self, service: Service, *, accepts: Callable[[str], bool] | None = None) -> None:
        """Serve ``service``; ``accepts`` checks the bearer token; without it every call is accepted."""
        self._service = service
        self._accepts = accepts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the method that belongs to HTTP method and path; errors are answered in Google's JSON form."""
        request = Request(environ)
        try:
            self._check_token(request)
            response = _json(_write(self._call(request)), 200)
        except ApiError as refusal:
            error = {"code": refusal.http_status, "message": refusal.message, "status": refusal.code}
            response = _json({"error": error}, refusal.http_status)
        return response(environ, start_response)

    def _check_token(self, request: Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if self._accepts is not None and not (kind == "Bearer" and self._accepts(token)):
            raise Unauthenticated("Request had invalid authentication credentials.")

    def _call(self, request: Request) -> Any:
        for method, path, name, message, body in _ROUTES:
            found = re.fullmatch(f"/v2/{path}", request.path)
            if found and method == request.method:
                call: Callable[[Any], Any] = getattr(self._service, name)
                return call(_read(request, message, body, found.groupdict()))
        raise NotFound("Method not found.")


def _read(request: Request, message: Any, body: str, path: dict[str, str]) -> Any:
    """Put body, query and path together into one request message."""
    fields: dict[str, Any] = {name: request.args[name] for name in _IN_QUERY & set(request.args)}
    given = _body(request) if body else {}
    fields |= {body: given} if body and body != "*" else given
    if "queue" in path:
        fields["queue"] = {**fields["queue"], "name": path["queue"]}
    else:
        fields |= path
    try:
        read = message()
        _FORMAT.ParseDict(fields, message.pb(read))
    except _FORMAT.ParseError as error:
        raise InvalidArgument(f"Invalid JSON payload received. {error}") from error
    return read


def _body(request: Request) -> dict[str, Any]:
    try:
        read = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise InvalidArgument("Invalid JSON payload received. Unexpected token.") from error
    if not isinstance(read, dict):
        raise InvalidArgument("Invalid JSON payload received. The root element must be an object.")
    return read


def _write(reply: Any) -> dict[str, Any]:
    written: dict[str, Any] = {} if reply is None else _FORMAT.MessageToDict(type(reply).pb(reply))
    return written


def _json(content: dict[str, Any], status: int) -> Response:
    text = json.dumps(content, indent=2) + "\n"
    return Response(text, status=status, content_type="application/json; charset=UTF-8")
