"""The `fields` parameter (partial responses): reads a field mask and applies it to an answer."""

# https://developers.google.com/workspace/calendar/api/guides/performance#partial-response

import re
from typing import Any

from local.google.api.schema import document
from local.google.errors import ApiError, Json

Mask = dict[str, "Mask"]
TOKEN = re.compile(r"[A-Za-z0-9_$*\-]+|[(),/]")


def parse(text: str) -> Mask:
    """Read a field mask into a tree of names; an empty subtree keeps everything below it."""
    tokens = TOKEN.findall(text)
    if "".join(tokens) != text.replace(" ", "") or not tokens:
        raise _refused(text)
    mask, rest = _list(tokens, text)
    if rest:
        raise _refused(text)
    return mask


def _list(tokens: list[str], text: str) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while True:
        tokens = _path(tokens, mask, text)
        if not tokens or tokens[0] != ",":
            return mask, tokens
        tokens = tokens[1:]


def _path(tokens: list[str], mask: Mask, text: str) -> list[str]:
    if not tokens or tokens[0] in "(),/":
        raise _refused(text)
    known = tokens[0] in mask
    below = mask.setdefault(tokens[0], {})
    tokens = tokens[1:]
    if tokens and tokens[0] == "/":
        return _path(tokens[1:], below, text)
    if tokens and tokens[0] == "(":
        inner, tokens = _list(tokens[1:], text)
        if not tokens or tokens[0] != ")":
            raise _refused(text)
        below.update(inner)
        return tokens[1:]
    if known:
        below.clear()
    return tokens


def check(mask: Mask, schema: str) -> None:
    """Answer 400 for a mask that names a field which the response's schema does not have."""
    _check(mask, document()["schemas"][schema])


def _check(mask: Mask, schema: Json) -> None:
    schema = _resolved(schema)
    for name, below in mask.items():
        if name == "*":
            continue
        properties = schema.get("properties", {})
        child = properties.get(name) or schema.get("additionalProperties")
        if child is None:
            raise _refused(name)
        _check(below, child)


def _resolved(schema: Json) -> Json:
    while True:
        if "$ref" in schema:
            schema = document()["schemas"][schema["$ref"]]
        elif schema.get("type") == "array":
            schema = schema["items"]
        else:
            return schema


def apply(mask: Mask, value: Any) -> Any:
    """Return what the mask keeps of a JSON value, even if a deletion then looks like an event (G13)."""
    if not mask:
        return value
    if isinstance(value, list):
        return [apply(mask, item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, item in value.items():
        below = mask.get(name, mask.get("*"))
        if below is None:
            continue
        left = apply(below, item)
        if not (isinstance(item, dict) and item and left == {}):
            kept[name] = left
    return kept


def _refused(name: str) -> ApiError:
    return ApiError(
        400,
        "invalidParameter",
        f"Invalid field selection {name}",
        location="fields",
        location_type="parameter",
    )
