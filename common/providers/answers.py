"""Reads what a provider answered: JSON, single fields of it, instants, and how long it asks us to wait."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from common.domain.calendar.interval import EARLIEST, LATEST
from common.errors import UnexpectedReply

S = TypeVar("S", bound=msgspec.Struct)
# Half a character among the names or in a value that does not fit is no text to it.
_UNFIT = (msgspec.ValidationError, UnicodeEncodeError)


def parsed_json(content: bytes) -> object:
    """The JSON of an answer; None where it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def whole_characters(text: str | None) -> str:
    """A text that a document can hold, with a question mark for each half of a character.

    A program that cuts a text may leave half of an emoji behind, and JSON carries it.
    """
    if not text or text.isascii():
        return text or ""
    return text.encode("utf-8", "replace").decode()


def with_whole_names(item: S, names: Sequence[str]) -> S:
    """The same item, without half a character in the named fields: no document holds one."""
    for name in names:
        value = getattr(item, name)
        if value and not value.isascii():
            setattr(item, name, whole_characters(value))
    return item


def decoded_leniently(found: Mapping[str, Any], shape: type[S]) -> S:
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
                return decoded_leniently(value, kind)
            if isinstance(value, list) and get_origin(kind) is list and _is_struct(get_args(kind)[0]):
                return [decoded_leniently(one, get_args(kind)[0]) for one in value if isinstance(one, dict)]
        return None


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


@lru_cache
def _fields(shape: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    return fields(shape)


def text_of(reply: Mapping[str, Any], name: str) -> str | None:
    """A text that is there, not empty and whole, or None."""
    value = reply.get(name)
    whole = isinstance(value, str) and value and (value.isascii() or whole_characters(value) == value)
    return value if whole else None


def words_of(reply: Mapping[str, Any], name: str) -> str:
    """A text for people, as ``whole_characters`` makes it; empty where there is none."""
    value = reply.get(name)
    return whole_characters(value if isinstance(value, str) else None)


def required_text(reply: Mapping[str, Any], name: str) -> str:
    """A text that must be there.

    Raises:
        UnexpectedReply: It is not.
    """
    value = text_of(reply, name)
    if value is None:
        raise UnexpectedReply(f"a token answer without {name}")
    return value


def granted_scopes(reply: Mapping[str, Any]) -> tuple[str, ...]:
    """What was given; none named means what was asked for: https://www.rfc-editor.org/rfc/rfc6749#section-5.1."""
    return tuple((text_of(reply, "scope") or "").split())


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the other side asks us to wait, as a number or counted from its own clock.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    value = lowered.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(lowered["date"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)


class NamelessEvent(ValueError):
    """An event without an id."""


def moment_of(text: object, home: tzinfo | None = None) -> datetime | None:
    """An instant out of RFC 3339, or of a wall clock in ``home``; None where there is none.

    One that its offset puts before year 1 or after year 9999 is the edge of what is told apart.
    """
    read = None
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
        place = read and read.tzinfo
        if read is None or place is UTC:
            return read
        if place is None:
            return read.replace(tzinfo=home).astimezone(UTC) if home else None
        return read.astimezone(UTC)
    except ValueError:
        return None
    except OverflowError:
        return LATEST if read and read.year > EARLIEST.year else EARLIEST
