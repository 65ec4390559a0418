"""A telephone number as people type it or copy it from elsewhere, in one plain spelling."""

from __future__ import annotations

import re

LONGEST_WRITTEN = 60
LONGEST = 40
_FEWEST_DIGITS = 3
_SPACES = r"\u00a0\u2000-\u200a\u202f\u205f\u3000"
_DASHES = r"\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
# What programs put around a number to keep its order in a text from right to left; nobody sees it.
_UNSEEN = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_EXTENSION = r"[;,]? ?([eE][xX][tT]([eE][nN][sS][iI][oO][nN])?\.?|[xX#]) ?=?"
# A pattern of the OpenAPI document as well; what it lets through is looked at again below.
WRITTEN = (
    rf"^[+\uff0b0-9 ()./\-{_SPACES}{_DASHES}{_UNSEEN}]{{3,}}"
    rf"({_EXTENSION}[0-9]{{1,8}}[ {_SPACES}{_UNSEEN}]*)?$"
)
_PLAIN = re.compile(rf"(?P<number>[+0-9 ()./-]{{3,}}?)(?:{_EXTENSION}(?P<extension>[0-9]{{1,8}}))?")


def plain_phone(written: str) -> str:
    """The number with ASCII spaces, dashes and plus sign, and its extension as ``ext. 12``.

    Raises:
        ValueError: It is no telephone number: other signs, fewer than three digits, or longer than 40.
    """
    text = re.sub(f"[{_UNSEEN}]", "", written)
    text = re.sub(f"[{_SPACES}]", " ", text)
    text = re.sub(f"[{_DASHES}]", "-", text).replace("\uff0b", "+")
    found = _PLAIN.fullmatch(" ".join(text.split()))
    if found is None or sum(sign.isdigit() for sign in found["number"]) < _FEWEST_DIGITS:
        raise ValueError("a telephone number has three digits or more, and besides + ( ) . / - and ext. 12")
    number, extension = found["number"].strip(), found["extension"]
    plain = f"{number} ext. {extension}" if extension else number
    if len(plain) > LONGEST:
        raise ValueError(f"a telephone number has at most {LONGEST} characters")
    return plain
