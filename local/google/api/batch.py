"""Answers batch requests (/batch/calendar/v3): a multipart body of many calls, each answered by itself."""

# https://developers.google.com/workspace/calendar/api/guides/batch

import secrets
from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from local.google.api.messages import error_response
from local.google.errors import bad_request, invalid

LIMIT = 1000


def answer(request: Request, call: Callable[[Request], Response]) -> Response:
    """Run every call in a multipart request through `call`, and join the answers in a multipart response."""
    kind = request.headers.get("Content-Type", "")
    if not kind.startswith("multipart/mixed"):
        return error_response(bad_request("Failed to parse batch request, error: missing boundary."))
    whole = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.get_data())
    parts = (
        [part for part in whole.get_payload() if isinstance(part, Message)] if whole.is_multipart() else []
    )
    if not parts or len(parts) > LIMIT:
        return error_response(invalid(f"The batch request has {len(parts)} calls, allowed are 1 to {LIMIT}."))
    boundary = f"batch_{secrets.token_urlsafe(16)}"
    body = b"".join(_answered(part, request, call, boundary) for part in parts)
    return Response(
        body + f"--{boundary}--\r\n".encode(), content_type=f"multipart/mixed; boundary={boundary}"
    )


def _answered(part: Message, outer: Request, call: Callable[[Request], Response], boundary: str) -> bytes:
    inner = _request(part, outer)
    response = call(inner) if inner is not None else error_response(bad_request())
    named = part.get("Content-ID", "").strip("<>")
    reason = HTTPStatus(response.status_code).phrase
    head = f"--{boundary}\r\nContent-Type: application/http\r\n"
    head += f"Content-ID: <response-{named}>\r\n\r\n" if named else "\r\n"
    head += f"HTTP/1.1 {response.status_code} {reason}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    return head.encode() + b"\r\n" + response.get_data() + b"\r\n"


def _request(part: Message, outer: Request) -> Request | None:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    line, _, rest = raw.lstrip().partition(b"\n")
    words = line.decode("latin-1").split()
    if len(words) < 2:
        return None
    inner = BytesParser().parsebytes(rest)
    decoded = inner.get_payload(decode=True)
    text = decoded if isinstance(decoded, bytes) else b""
    headers = {name: value for name, value in inner.items() if name.lower() not in {"content-length", "host"}}
    if "authorization" not in {name.lower() for name in headers} and "Authorization" in outer.headers:
        headers["Authorization"] = outer.headers["Authorization"]
    # The path of an inner request may be a whole address.
    path = words[1][words[1].find("/calendar/v3/") :]
    builder = EnvironBuilder(path=path, method=words[0], headers=Headers(headers), data=text)
    environ = builder.get_environ()
    builder.close()
    return Request(environ | {"RAW_URI": path})
