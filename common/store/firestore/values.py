"""What a document may hold, how large it is, and how values are ordered: the rules of Firestore.

https://firebase.google.com/docs/firestore/storage-size and .../manage-data/data-types
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from common.domain.calendar.interval import aware
from common.errors import InvalidRequest

LARGEST_DOCUMENT = 1_048_576
LARGEST_COMMIT = 10 * 1_048_576
LONGEST_NAME = 1_500
_INT64 = 2**63
_NUMBER, _TIME, _TEXT, _BYTES, _ARRAY, _MAP = 2, 3, 4, 5, 8, 9
_RANKS: Mapping[type, int] = {
    type(None): 0,
    bool: 1,
    int: _NUMBER,
    float: _NUMBER,
    datetime: _TIME,
    str: _TEXT,
    bytes: _BYTES,
    list: _ARRAY,
    dict: _MAP,
}
_DOCUMENT_OVERHEAD = 32
_NAME_OVERHEAD = 16


def refused(detail: str) -> InvalidRequest:
    """The error for content that the database does not take."""
    return InvalidRequest(detail, code="store_refused")


def demand_once(paths: Sequence[str]) -> None:
    """Refuse a commit that names a document twice: Firestore takes some pairs of writes and not others."""
    if len(set(paths)) != len(paths):
        raise refused("a commit names each document once")


def canonical_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy as the database will give it back.

    Raises:
        InvalidRequest: It holds something that a document cannot hold.
    """
    return {_name(key): canonical(value) for key, value in data.items()}


def canonical(value: Any, *, in_array: bool = False) -> Any:
    """A deep copy of one value as the database will give it back."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | float | bytes):
        return value
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise refused("an integer has at most 64 bits")
        return int(value)
    if isinstance(value, datetime):
        return aware(value)
    if isinstance(value, Mapping):
        return canonical_fields(value)
    if isinstance(value, list | tuple):
        if in_array:
            raise refused("an array cannot hold an array")
        return [canonical(item, in_array=True) for item in value]
    raise refused(f"a document cannot hold a {type(value).__name__}")


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise refused("a text holds whole characters only") from error
    return str(value)


def _name(key: Any) -> str:
    if not isinstance(key, str) or not key or (key.startswith("__") and key.endswith("__")):
        raise refused("a field name is a text, not empty and not __reserved__")
    if len(_text(key)) * 4 > LONGEST_NAME and len(key.encode()) > LONGEST_NAME:
        raise refused("a field name has at most 1,500 bytes")
    return key


def size(value: Any) -> int:
    """The bytes that a canonical value takes in a document."""
    if isinstance(value, str):
        return (len(value) if value.isascii() else len(value.encode())) + 1
    if isinstance(value, bytes):
        return len(value)
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int | float | datetime):
        return 8
    if isinstance(value, dict):
        return sum(size(key) + size(item) for key, item in value.items())
    return sum(map(size, value))


def document_size(path: str, data: Mapping[str, Any]) -> int:
    """The bytes that a document takes."""
    name = sum(len(part.encode()) + 1 for part in path.split("/")) + _NAME_OVERHEAD
    return name + size(data) + _DOCUMENT_OVERHEAD


def kind(value: Any) -> int:
    """The place of a value's type in the order of types; only equal types compare in filters."""
    ranks = (_RANKS[known] for known in type(value).__mro__ if known in _RANKS)
    rank = _RANKS.get(type(value)) or next(ranks, None)
    if rank is None:
        raise refused(f"a {type(value).__name__} has no order")
    return rank


def sort_key(value: Any) -> tuple[Any, ...]:
    """A key that sorts values of any types as the database does."""
    rank = kind(value)
    if rank == _TEXT:
        return rank, value.encode()
    if rank == _TIME:
        return rank, value.astimezone(UTC)
    if rank == _ARRAY:
        return rank, tuple(map(sort_key, value))
    if rank == _MAP:
        return rank, tuple((name.encode(), sort_key(item)) for name, item in sorted(value.items()))
    return (rank,) if value is None else (rank, value)
