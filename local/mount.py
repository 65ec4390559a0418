"""Serves every function of ``functions/`` below one address, each through the real functions-framework."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import functions_framework
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from common.wiring import Installation, using
from local.function_settings import installations

FUNCTIONS = Path(__file__).parents[1] / "functions"


def function_names(folder: Path = FUNCTIONS) -> tuple[str, ...]:
    """The names of all functions: the folders with a ``main.py``."""
    return tuple(sorted(path.parent.name for path in folder.glob("*/main.py")))


def mount_functions(whole: Installation, folder: Path = FUNCTIONS) -> WSGIApplication:
    """All functions as one application: ``/slots`` is what is deployed as the function ``slots``.

    The framework executes each ``main.py`` once for its app; each is given the settings of its deployment.
    """
    parts = installations(whole, function_names(folder))
    return DispatcherMiddleware(
        _unknown_function,
        {f"/{name}": _FunctionApp(_app(folder, name), part) for name, part in parts.items()},
    )


def _app(folder: Path, name: str) -> WSGIApplication:
    app: WSGIApplication = functions_framework.create_app(  # type: ignore[no-untyped-call]
        target=name, source=str(folder / name / "main.py"), signature_type="http"
    )
    return app


class _FunctionApp:
    """Calls one function's app with its own installation; ``/slots`` is answered like ``/slots/``."""

    def __init__(self, app: WSGIApplication, installation: Installation) -> None:
        self._app = app
        self._installation = installation

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with using(self._installation):
            return self._app({**environ, "PATH_INFO": environ["PATH_INFO"] or "/"}, start_response)


def _unknown_function(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = '{"code":"unknown_route","status":404,"title":"Unknown route"}'
    return Response(body, status=404, content_type="application/problem+json")(environ, start_response)
