"""Graph requests and responses as plain values, the same for single requests and for those in a batch.

The form of errors: https://learn.microsoft.com/graph/errors
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from local.microsoft.errors import Json, bad_request
from local.microsoft.ids import guid

ROOT = "/v1.0"


JSON_CONTENT_TYPE = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """One request, alone or in a batch."""

    verb: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    prefer: list[str]
    body: bytes
    base: str
    batched: bool = False


@dataclass(slots=True)
class GraphResponse:
    """One answer, alone or in a batch."""

    status: int
    body: Json | str | None
    headers: dict[str, str] = field(default_factory=dict)


def read_request(connection: Request) -> GraphRequest:
    """Make a GraphRequest from an HTTP request."""
    return GraphRequest(
        verb=connection.method,
        path=connection.path.removeprefix(ROOT),
        query=connection.args.to_dict(),
        headers={name.lower(): value for name, value in connection.headers.items()},
        prefer=connection.headers.getlist("Prefer"),
        body=connection.get_data(),
        base=f"{connection.host_url.rstrip('/')}{ROOT}",
    )


def http_response(response: GraphResponse, request: GraphRequest) -> Response:
    """Make the HTTP response for a GraphResponse."""
    request_id = guid("response", id(response))
    headers = {
        "request-id": request_id,
        "client-request-id": request.headers.get("client-request-id", request_id),
    } | response.headers
    if response.body is None:
        return Response(status=response.status, headers=headers)
    kind = headers.pop("Content-Type", JSON_CONTENT_TYPE)
    text = response.body if isinstance(response.body, str) else json.dumps(response.body)
    return Response(text, response.status, headers=headers, content_type=kind)


def parse_json_object(raw: bytes) -> Json:
    """Read a JSON object; 400 for anything else."""
    message = (
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of "
        "valid JSON format."
    )
    try:
        found: Any = json.loads(raw)
    except ValueError as error:
        raise bad_request(message) from error
    if not isinstance(found, dict):
        raise bad_request(message)
    return found
