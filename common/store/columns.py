"""Columns of many values as two or three values of a document: decoding them one by one is what costs CPU."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise, repeat
from typing import Any

_NONE = -1
_NUMBER, _LENGTH = 8, 4


def packed_numbers(numbers: Sequence[int]) -> bytes:
    """Integers of 64 bits, the lowest byte first."""
    return struct.pack(f"<{len(numbers)}q", *numbers)


def unpacked_numbers(stored: bytes) -> tuple[int, ...]:
    """The integers again.

    Raises:
        ValueError: These are none.
    """
    return _unpacked("q", stored, _NUMBER)


def packed_texts(texts: Sequence[str | None]) -> dict[str, Any]:
    """Texts end to end, and how many characters each one has; None is told from a text without any."""
    some = [text for text in texts if text is not None]
    lengths = list(map(len, some))
    if len(some) < len(texts):
        lengths = [_NONE if text is None else len(text) for text in texts]
    return {
        "text": "".join(some),
        "lengths": struct.pack(f"<{len(lengths)}i", *lengths),
    }


def unpacked_texts(stored: Mapping[str, Any]) -> list[Any]:
    """The texts again.

    Raises:
        ValueError: These are none.
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
