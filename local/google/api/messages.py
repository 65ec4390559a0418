"""Reads the access token of an HTTP request, and writes JSON answers and errors."""

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from local.google.errors import ApiError


def access_token(request: Request) -> str:
    """The access token of a request, by header or query parameter."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else request.args.get("access_token", "")


def json_response(answer: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response."""
    kind = "application/json; charset=UTF-8"
    return Response(json.dumps(answer), status, headers=headers, content_type=kind)


def error_response(error: ApiError) -> Response:
    """An error as a response."""
    return json_response(error.body(), status=error.status, headers=error.headers)
