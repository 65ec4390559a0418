"""The placeholders in templates for titles and descriptions of exported events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.export.templates import PLACEHOLDERS, check_template, description, title
from common.errors import InvalidRequest

FACTS = {
    "service": "Cut",
    "resource": "Anna",
    "customer": "Zoe",
    "email": "",
    "phone": "",
    "note": "left\r\nside",
    "reference": "AB12",
    "manage_link": "https://shop.example/#x",
    "seats": "3/10",
}


@pytest.mark.parametrize("word", sorted(PLACEHOLDERS))
def test_every_placeholder_is_accepted_and_replaced(word: str) -> None:
    """All data of a booking can be used."""
    check_template(f"a {{{word}}} b")

    assert FACTS[word].replace("\r\n", " ") in title(f"a {{{word}}} b", FACTS)


@pytest.mark.parametrize(
    "template",
    [
        "{customer.name}",
        "{customer[0]}",
        "{customer!r}",
        "{customer:>99999}",
        "{}",
        "{0}",
        "{Customer}",
        "{ customer }",
        "{{customer}}",
        "{secret}",
        "lone { brace",
        "lone } brace",
        "x" * 4001,
    ],
)
def test_anything_else_in_braces_is_refused(template: str) -> None:
    """Attributes, indexes, formats and unknown placeholders are refused before they are stored."""
    with pytest.raises(InvalidRequest) as refused:
        check_template(template)

    assert refused.value.reason in {"unknown_placeholder", "template_too_long"}


def test_braces_written_by_a_customer_stay_text() -> None:
    """A customer's text is never read as a template."""
    facts = FACTS | {"customer": "{email}{service}", "email": "zoe@example.net"}

    assert title("{customer}", facts) == "{email}{service}"


def test_lines_with_empty_placeholders_only_are_left_out() -> None:
    """A customer without a telephone leaves no empty line; text of the template itself stays."""
    assert description("{customer}\n{email}\n\nTel. {phone}\n{note}", FACTS) == "Zoe\n\nleft\nside"


def test_a_title_is_one_line() -> None:
    """Line breaks in a customer's text are not written into the title."""
    assert title("{service}: {note}", FACTS) == "Cut: left side"


def test_control_characters_are_dropped() -> None:
    """A customer cannot write control characters into a calendar."""
    assert title("{customer}", FACTS | {"customer": "Z\x00o\x1be"}) == "Zoe"


@given(st.text(max_size=200))
def test_an_accepted_template_can_always_be_filled(template: str) -> None:
    """A template that the settings accept works for every booking."""
    try:
        check_template(template)
    except InvalidRequest:
        return

    assert isinstance(title(template, FACTS) + description(template, FACTS), str)
