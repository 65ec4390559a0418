"""Two spellings of one e-mail address."""

from __future__ import annotations

import pytest

from common.domain.shared.mailboxes import in_letters, same_mailbox, spellings


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (" Anna@Example.com", "anna@example.com", True),
        ("anna@BÜCHER.example", "anna@xn--bcher-kva.example", True),
        ("anna@bu\u0308cher.example", "anna@bücher.example", True),
        ("anna@bücher.example", "anna@bucher.example", False),
        ("anna@example.com", "anna@example.org", False),
        ("anna", "anna@example.org", False),
        ("anna@xn--\u00fc.example", "anna@xn--.example", False),
    ],
)
def test_a_mailbox_is_recognised_in_every_spelling(left: str, right: str, same: bool) -> None:
    """Letters of either case, accents in one character or two, a domain in letters or as punycode."""
    assert (same_mailbox(left, right), same_mailbox(right, left)) == (same, same)
    assert same_mailbox(left, in_letters(left))


def test_a_text_is_searched_for_every_spelling() -> None:
    """As it was asked for, in letters, and as punycode."""
    assert {"anna@bücher.example", "anna@xn--bcher-kva.example"} == spellings("Anna@xn--bcher-kva.example")
    assert {"anna@example.com"} == spellings("Anna@Example.com")
