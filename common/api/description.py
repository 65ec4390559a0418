"""Shows a function's own OpenAPI document, which lies beside its code and is built before it is deployed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from common.api.http import Access, Call, Reply
from common.api.routes import Route

PATH = "/openapi.json"
ROOT = Path(__file__).resolve().parents[2]
CACHE = "public, max-age=300"
TYPE = "application/json; charset=utf-8"


def description(function: str) -> Route:
    """GET /openapi.json: for everybody, since it tells nothing of anybody."""
    return Route("GET", PATH, Access.PUBLIC, lambda call: _reply(call, function))


def _reply(call: Call, function: str) -> Reply:
    text, tag = _document(function)
    headers = {"ETag": tag, "Cache-Control": CACHE}
    known = {part.strip().removeprefix("W/") for part in call.headers.get("If-None-Match", "").split(",")}
    if tag in known or "*" in known:
        return Reply(status=304, headers=headers)
    return Reply(body=text, headers=headers, content_type=TYPE)


@cache
def _document(function: str) -> tuple[str, str]:
    """The text and its ETag; read at the first request and not at a cold start."""
    text = (ROOT / "functions" / function / "openapi.json").read_text()
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
