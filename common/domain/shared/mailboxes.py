"""The spellings of one e-mail address: letters of either case, a domain in letters or as punycode."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

_PUNYCODE = "xn--"


def in_letters(address: str) -> str:
    """The one spelling by which addresses are compared: small letters, the domain not as punycode.

    https://www.rfc-editor.org/rfc/rfc5891#section-2
    """
    local, at, domain = address.strip().rpartition("@")
    labels = map(_label_in_letters, domain.casefold().split("."))
    return f"{unicodedata.normalize('NFC', local).casefold()}{at}{'.'.join(labels)}"


def same_mailbox(left: str, right: str) -> bool:
    """Whether two spellings name one mailbox."""
    return in_letters(left) == in_letters(right)


def spellings(address: str) -> frozenset[str]:
    """The spellings that a text may hold, in small letters."""
    letters = in_letters(address)
    return frozenset({address.strip().casefold(), letters, _in_punycode(letters)})


def _label_in_letters(label: str) -> str:
    if label.startswith(_PUNYCODE):
        with suppress(ValueError):
            label = label.removeprefix(_PUNYCODE).encode().decode("punycode")
    return unicodedata.normalize("NFC", label).casefold()


def _in_punycode(letters: str) -> str:
    local, at, domain = letters.rpartition("@")
    labels = (
        label if label.isascii() else _PUNYCODE + label.encode("punycode").decode()
        for label in domain.split(".")
    )
    return f"{local}{at}{'.'.join(labels)}"
