"""Management tokens and links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.booking.access import Staff, decode_token, encode_token, link, reference

RAW = bytes(range(32))


def test_a_token_carries_its_signature() -> None:
    """What was signed comes back from the text."""
    assert decode_token(encode_token(RAW)) == RAW


@given(st.text(max_size=60))
def test_any_text_is_a_signature_or_none(text: str) -> None:
    """Whatever somebody sends as a token ends in 32 bytes or in none, never in an error."""
    assert len(decode_token(text)) in {0, 32}


def test_only_one_spelling_of_a_token_counts() -> None:
    """The spare bits of the last character cannot make a second token of the first."""
    other = encode_token(RAW)[:-1] + "9"

    assert decode_token(other) == b""


@pytest.mark.pitfall(25)
def test_the_secret_of_a_link_stands_behind_the_hash() -> None:
    """Pitfall 25: a browser sends the secret to no server, no log and no referrer."""
    found = link("https://shop.example/booking", tenant="t1", booking="b1", token="s3cret")

    assert found == "https://shop.example/booking#t1/b1/s3cret"


def test_without_a_page_there_is_no_link() -> None:
    """Nothing is written where no page is configured."""
    assert link("", tenant="t1", booking="b1", token="s3cret") == ""


def test_a_reference_is_short_and_readable() -> None:
    """People can read it out on the telephone."""
    assert reference("0123456789abcdefghijklmn") == "GHIJKLMN"


def test_staff_sees_its_own_resources() -> None:
    """A member with a list of resources sees no others; one without sees all."""
    assert (
        Staff(frozenset({"anna"})).may("ben"),
        Staff(frozenset({"anna"})).may("anna"),
        Staff().may("ben"),
    ) == (
        False,
        True,
        True,
    )
