"""Serves the back door as JSON: POST /_sim/<operation> with the keyword arguments, GET /_sim/<reading>."""

import inspect
import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from local.microsoft.errors import GraphError, SignInError

READINGS = frozenset(
    [
        "state",
        "events",
        "calendars",
        "subscriptions",
        "grants",
        "mails",
        "calls",
        "pending_pushes",
        "push_attempts",
        "faults",
        "busy",
        "event",
        "days",
        "default_calendar",
    ]
)


class Backdoor:
    """Every public method of the given objects, by name."""

    def __init__(self, *doors: object) -> None:
        self.operations: dict[str, Callable[..., Any]] = {}
        for door in doors:
            for name, method in inspect.getmembers(door, inspect.ismethod):
                if not name.startswith("_"):
                    self.operations[name] = method

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """Do one operation by name."""
        return self.operations[name](**arguments)

    def answer(self, request: Request) -> Response:
        """The response to one request below /_sim/."""
        name = request.path.removeprefix("/_sim/").strip("/")
        if name == "health":
            return _json({"status": "ok"})
        if name not in self.operations or (request.method == "GET" and name not in READINGS):
            return _json({"error": f"unknown operation {name}"}, status=404)
        try:
            arguments = (
                request.args.to_dict() if request.method == "GET" else json.loads(request.get_data() or b"{}")
            )
            return _json({"result": self.call(name, arguments)})
        except (GraphError, SignInError, TypeError, ValueError, KeyError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, status=400)


def _json(answer: Any, *, status: int = 200) -> Response:
    return Response(json.dumps(answer), status, content_type="application/json; charset=utf-8")
