"""Telephone numbers as people type and copy them."""

from __future__ import annotations

import re

import pytest

from common.api.bookings import WRITTEN_PHONE, plain_phone


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("+41 44 123 45 67", "+41 44 123 45 67"),
        ("+41\u00a044\u202f123 45\u201167", "+41 44 123 45-67"),
        ("044\u2013123\u201445\u221267", "044-123-45-67"),
        ("\u202a+41 79 000 00 00\u202c", "+41 79 000 00 00"),
        ("(044) 123.45/67", "(044) 123.45/67"),
        ("044 123 45 67 ext. 12", "044 123 45 67 ext. 12"),
        ("044 123 45 67, Ext 12", "044 123 45 67 ext. 12"),
        ("+1 (212) 555-0100 x7", "+1 (212) 555-0100 ext. 7"),
        ("+1-212-555-0100;ext=99", "+1-212-555-0100 ext. 99"),
        ("044 123 45 67 extension 3 ", "044 123 45 67 ext. 3"),
        ("112", "112"),
    ],
)
def test_a_number_is_kept_in_one_spelling(written: str, plain: str) -> None:
    """Whatever spaces and dashes came with it; the pattern that clients see lets it through."""
    assert plain_phone(written) == plain
    assert plain_phone(plain) == plain
    assert re.fullmatch(WRITTEN_PHONE, written)


@pytest.mark.parametrize(
    "written", ["---", "12", "ext. 12", "+41 44 abc", "0" * 41, "044 123\n45 67x", "٠٤٤١٢٣"]
)
def test_what_is_no_number_is_refused(written: str) -> None:
    """Signs without digits, words, and what is longer than any number."""
    with pytest.raises(ValueError, match="telephone number"):
        plain_phone(written)
