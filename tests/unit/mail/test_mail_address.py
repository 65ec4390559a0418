"""Which e-mail addresses are taken, and how they are written for mail services and calendars."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.mail_address import ascii_address, can_be_mailed

REFUSED = (
    "",
    "zoe",
    "zoe@",
    "@example.net",
    "zoe@example",
    "zoe@test",
    "zoe@localhost",
    "zoe@salon.local",
    "a..b@x",
    "a..b@x.example",
    ".zoe@example.net",
    "zoe.@example.net",
    "zoe@-example.net",
    "zoe@example..net",
    "zoe@[192.0.2.1]",
    '"z o e"@example.net',
    "Zoe <zoe@example.net>",
    "zoe@example.net\r\nBcc: a@b.example",
    "a b@c.example",
    "a@b.example, c@d.example",
    "büro@salon.example",
    "jürgen@bücher.example",
    f"{'a' * 65}@example.net",
    f"zoe@{'.'.join(['b' * 60] * 5)}.example",
)


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("zoe@example.com", "zoe@example.com"),
        ("Zoe.O'Neil+cut@Example.com", "Zoe.O'Neil+cut@example.com"),
        ("zoe@bücher.example", "zoe@xn--bcher-kva.example"),
        ("zoe@xn--bcher-kva.example", "zoe@xn--bcher-kva.example"),
        ("zoe@straße.example", "zoe@xn--strae-oqa.example"),
        ("zoe@contoso.test", "zoe@contoso.test"),
    ],
)
def test_an_internationalised_domain_is_sent_as_punycode(address: str, sent: str) -> None:
    """By the newer rules: ß is a letter of its own, and strasse.example another domain."""
    assert (ascii_address(address), can_be_mailed(address)) == (sent, True)


@pytest.mark.parametrize("address", REFUSED)
def test_what_no_mail_can_be_sent_to_is_refused_without_being_repeated(address: str) -> None:
    """Refusals are logged and answered, so they hold no part of the address."""
    with pytest.raises(ValueError, match="mailed to") as refused:
        ascii_address(address)

    said = str(refused.value)
    assert [part for part in ("zoe", "büro", "jürgen", "example", "ü") if part in said] == []
    assert not can_be_mailed(address)


def test_accents_before_the_at_sign_have_a_reason_of_their_own() -> None:
    """Whoever typed them reads what to change."""
    with pytest.raises(ValueError, match="before the @"):
        ascii_address("jürgen@salon.example")


@given(st.text(max_size=60) | st.emails())
def test_whatever_is_accepted_is_one_plain_line(text: str) -> None:
    """Nothing that is accepted could become a header or a second recipient."""
    if not can_be_mailed(text):
        return
    sent = ascii_address(text)

    assert sent.isascii()
    assert sent.isprintable()
    assert set(sent).isdisjoint(' <>,;"\r\n')
    assert ascii_address(sent) == sent


def test_no_name_server_is_asked() -> None:
    """The library's part that asks them is not even loaded."""
    code = (
        "import sys; from common.mail_address import ascii_address; ascii_address('a@b.example'); "
        "print('dns' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
