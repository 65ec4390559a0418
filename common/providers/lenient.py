"""Reads what a provider sent into typed structs, each field by itself where the whole does not fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

S = TypeVar("S", bound=msgspec.Struct)
# Half a character among the names or in a value that does not fit is no text to it.
_UNFIT = (msgspec.ValidationError, UnicodeEncodeError)


def parsed(content: bytes) -> object:
    """The JSON of an answer; None where it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def whole(text: str | None) -> str:
    """A text that a document can hold, with a question mark for each half of a character.

    A program that cuts a text may leave half of an emoji behind, and JSON carries it.
    """
    if not text or text.isascii():
        return text or ""
    return text.encode("utf-8", "replace").decode()


def lenient(found: Mapping[str, Any], shape: type[S]) -> S:
    """The object as ``shape``; a field of another type than documented is as if it were null.

    So that one odd field costs no event, and one odd event no page.
    """
    try:
        return msgspec.convert(found, shape)
    except _UNFIT:
        present = [field for field in _fields(shape) if field.encode_name in found]
        return shape(**{field.name: _fitting(found[field.encode_name], field.type) for field in present})


def _fitting(value: object, wanted: Any) -> Any:
    try:
        return msgspec.convert(value, wanted)
    except _UNFIT:
        for kind in get_args(wanted) or (wanted,):
            if isinstance(value, dict) and _is_struct(kind):
                return lenient(value, kind)
            if isinstance(value, list) and get_origin(kind) is list and _is_struct(get_args(kind)[0]):
                return [lenient(one, get_args(kind)[0]) for one in value if isinstance(one, dict)]
        return None


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


@lru_cache
def _fields(shape: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    return fields(shape)
