"""Converts records to documents and back; each record names its stored fields once, with their forms."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from datetime import timedelta
from enum import Enum
from itertools import accumulate, pairwise, repeat
from typing import Any, Generic, TypeVar

from common.domain.calendar.interval import Interval
from common.errors import UnreadableDocument

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How values of one type are stored: ``write`` makes the stored value, ``read`` the record's again."""

    write: Callable[[T], Any]
    read: Callable[[Any], T]


def unreadable(what: str) -> UnreadableDocument:
    """The error for a document that this version of the code does not understand: a newer one may."""
    return UnreadableDocument(f"a stored document has an unreadable {what}")


PLAIN: Form[Any] = Form(lambda value: value, lambda stored: stored)
SECONDS: Form[timedelta] = Form(
    lambda value: value // timedelta(seconds=1), lambda stored: timedelta(seconds=stored)
)
INTERVAL: Form[Interval] = Form(
    lambda value: {"start": value.start, "end": value.end},
    lambda stored: Interval(stored["start"], stored["end"]),
)


def enum_value(of: type[E]) -> Form[E]:
    """An enum member by its value."""

    def read(stored: Any) -> E:
        try:
            return of(stored)
        except ValueError as error:
            raise unreadable(of.__name__) from error

    return Form(lambda value: value.value, read)


def array_of(form: Form[T]) -> Form[tuple[T, ...]]:
    """A tuple as an array."""
    return Form(
        lambda value: [form.write(item) for item in value],
        lambda stored: tuple(form.read(item) for item in stored),
    )


def map_of(form: Form[T]) -> Form[Mapping[str, T]]:
    """A mapping as a map."""
    return Form(
        lambda value: {name: form.write(item) for name, item in value.items()},
        lambda stored: {name: form.read(item) for name, item in stored.items()},
    )


TEXTS: Form[tuple[str, ...]] = array_of(PLAIN)


def record(of: Callable[..., T], **forms: Form[Any]) -> Form[T]:
    """A dataclass as a map.

    None is not stored. On reading, unknown fields are ignored, and a missing one takes the dataclass's
    default or None. An optional ``version`` is the document's own and never a field.
    """
    described = {item.name: item for item in fields(of) if not _is_document_version(item)}  # type: ignore[arg-type]
    if missing := set(described) ^ set(forms):
        raise TypeError(f"the stored form of {of} and its fields differ in {sorted(missing)}")
    optional = {
        name for name, item in described.items() if item.default is MISSING and "None" in str(item.type)
    }

    def write(value: T) -> dict[str, Any]:
        pairs = ((name, form, getattr(value, name)) for name, form in forms.items())
        return {name: form.write(item) for name, form, item in pairs if item is not None}

    def read(stored: Any) -> T:
        try:
            known: dict[str, Any] = dict.fromkeys(optional)
            known.update(
                (name, form.read(stored[name]))
                for name, form in forms.items()
                if stored.get(name) is not None
            )
            return of(**known)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise unreadable(getattr(of, "__name__", "record")) from error

    return Form(write, read)


def _is_document_version(item: Field[Any]) -> bool:
    return item.name == "version" and "None" in str(item.type)


_NONE = -1
_NUMBER, _LENGTH = 8, 4


def packed_numbers(numbers: Sequence[int]) -> bytes:
    """Integers of 64 bits, the lowest byte first."""
    return struct.pack(f"<{len(numbers)}q", *numbers)


def unpacked_numbers(stored: bytes) -> tuple[int, ...]:
    """The integers of ``packed_numbers``.

    Raises:
        ValueError: The stored value is not of that form.
    """
    return _unpacked("q", stored, _NUMBER)


def packed_texts(texts: Sequence[str | None]) -> dict[str, Any]:
    """Texts end to end, and the length of each in characters; None is kept apart from an empty text."""
    some = [text for text in texts if text is not None]
    lengths = list(map(len, some))
    if len(some) < len(texts):
        lengths = [_NONE if text is None else len(text) for text in texts]
    return {
        "text": "".join(some),
        "lengths": struct.pack(f"<{len(lengths)}i", *lengths),
    }


def unpacked_texts(stored: Mapping[str, Any]) -> list[Any]:
    """The texts of ``packed_texts``.

    Raises:
        ValueError: The stored value is not of that form.
    """
    text, lengths = stored["text"], _unpacked("i", stored["lengths"], _LENGTH)
    ends = list(accumulate(map(max, lengths, repeat(0)), initial=0))
    if ends[-1] != len(text):
        raise ValueError("the lengths do not fit the text")
    return [
        None if length == _NONE else text[start:end]
        for length, (start, end) in zip(lengths, pairwise(ends), strict=True)
    ]


def _unpacked(kind: str, stored: bytes, width: int) -> tuple[int, ...]:
    try:
        return struct.unpack(f"<{len(stored) // width}{kind}", stored)
    except struct.error as error:
        raise ValueError("a column is cut off") from error
