"""Reads access tokens from HTTP requests, and writes JSON answers and error answers."""

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from local.google.errors import ApiError


def access_token(request: Request) -> str:
    """Return the access token of a request, from the Authorization header or the query.

    Empty if there is none.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else request.args.get("access_token", "")


def json_response(answer: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An HTTP response with a JSON body."""
    kind = "application/json; charset=UTF-8"
    return Response(json.dumps(answer), status, headers=headers, content_type=kind)


def error_response(error: ApiError) -> Response:
    """The HTTP response for an API error."""
    return json_response(error.body(), status=error.status, headers=error.headers)
