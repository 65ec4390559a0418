"""The control API under /_sim/: POST /_sim/<operation> with JSON arguments, GET /_sim/<reading>."""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

Refusals = Mapping[type[Exception], Callable[[Any], Response]]


class ControlApi:
    """Makes every public method of the given objects callable over HTTP, by its name.

    GET is allowed for the names in `readings` only; `refusals` says how the provider's own errors are
    answered.
    """

    def __init__(self, *objects: object, readings: frozenset[str], refusals: Refusals) -> None:
        self.operations: dict[str, Callable[..., Any]] = {}
        self._readings = readings
        self._refusals = refusals
        for part in objects:
            for name, method in inspect.getmembers(part, inspect.ismethod):
                if not name.startswith("_"):
                    self.operations[name] = method

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """Call one operation by its name."""
        return self.operations[name](**arguments)

    def answer(self, request: Request) -> Response:
        """Answer one HTTP request below /_sim/."""
        name = request.path.removeprefix("/_sim/").strip("/")
        if name == "health":
            return _json({"status": "ok"})
        if name not in self.operations or (request.method == "GET" and name not in self._readings):
            return _json({"error": f"unknown operation {name}"}, status=404)
        try:
            arguments = (
                request.args.to_dict() if request.method == "GET" else json.loads(request.get_data() or b"{}")
            )
            return _json({"result": self.call(name, arguments)})
        except tuple(self._refusals) as error:
            return next(answer for kind, answer in self._refusals.items() if isinstance(error, kind))(error)
        except (TypeError, ValueError, KeyError) as error:
            return bad_arguments(error)


def bad_arguments(error: Exception) -> Response:
    """The answer to wrong arguments: 400 with the name of the Python error."""
    return _json({"error": f"{type(error).__name__}: {error}"}, status=400)


def _json(answer: Any, *, status: int = 200) -> Response:
    return Response(json.dumps(answer), status, content_type="application/json; charset=utf-8")
