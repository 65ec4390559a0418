"""The deployed functions as WSGI applications, over whatever installation the test has installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Request
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from openapi.functions import names


def function_app(function: str) -> WSGIApplication:
    """One function as a WSGI application."""
    app = importlib.import_module(f"functions.{function}.main").APP

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request({**environ, "PATH_INFO": environ["PATH_INFO"] or "/"})
        return app(request)(environ, start_response)

    return call


def function_apps() -> WSGIApplication:
    """All functions as one WSGI application, each below the path of its name."""
    return DispatcherMiddleware(NotFound(), {f"/{name}": function_app(name) for name in names()})
