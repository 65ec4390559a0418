"""Signatures are bound to their purpose, grants to their connection."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from common.config import Misconfigured
from common.crypto.keys import HmacKeys
from common.crypto.vault import TinkVault, new_keyset
from common.domain.calendar.connection import Grant
from common.errors import UnexpectedReply

OLD, NEW = b"o" * 32, b"n" * 32
GRANT = Grant(
    access_token="at",
    refresh_token="rt",
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    scopes=("a", "b"),
    account="x",
)


def test_a_signature_is_bound_to_purpose_and_parts() -> None:
    """Moving a boundary between parts or changing the purpose makes another signature."""
    keys = HmacKeys([NEW])
    made = keys.sign("manage", "ab", "c")

    assert keys.verify(made, "manage", "ab", "c")
    assert not keys.verify(made, "manage", "a", "bc")
    assert not keys.verify(made, "channel", "ab", "c")


def test_half_a_signature_is_enough_and_less_is_not() -> None:
    """Where there is little room 128 bits stand for all; a shorter piece, or one bit else, proves nothing."""
    keys = HmacKeys([NEW])
    made = keys.sign("channel", "c1")

    assert keys.verify(made[:16], "channel", "c1")
    assert not keys.verify(made[:15], "channel", "c1")
    assert not keys.verify(b"", "channel", "c1")
    assert not keys.verify(made[:15] + bytes([made[15] ^ 1]), "channel", "c1")
    assert not keys.verify(made + b"x", "channel", "c1")


def test_a_replaced_key_still_verifies() -> None:
    """While both keys are listed, old signatures hold; afterwards they do not."""
    made = HmacKeys([OLD]).sign("manage", "b1")

    assert HmacKeys([NEW, OLD]).verify(made, "manage", "b1")
    assert not HmacKeys([NEW]).verify(made, "manage", "b1")


def test_a_webhook_cannot_sign_anything_else() -> None:
    """A function that holds the channel keys alone has no other."""
    keys = HmacKeys([], channel=[NEW])

    assert keys.sign("channel", "x")
    with pytest.raises(Misconfigured):
        keys.sign("manage", "x")


def test_a_grant_comes_back_as_it_was() -> None:
    """Sealing loses nothing."""
    vault = TinkVault(new_keyset())

    assert vault.open(vault.seal(GRANT, tenant="t", connection="c"), tenant="t", connection="c") == GRANT


@pytest.mark.parametrize(("tenant", "connection"), [("t", "d"), ("u", "c"), ("t/c", "")])
def test_a_grant_opens_nowhere_else(tenant: str, connection: str) -> None:
    """A ciphertext copied to another tenant or connection stays closed."""
    vault = TinkVault(new_keyset())
    sealed = vault.seal(GRANT, tenant="t", connection="c")

    with pytest.raises(UnexpectedReply):
        vault.open(sealed, tenant=tenant, connection=connection)


def test_damage_is_noticed() -> None:
    """A flipped character is not a grant."""
    vault = TinkVault(new_keyset())
    sealed = vault.seal(GRANT, tenant="t", connection="c")
    damaged = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]

    with pytest.raises(UnexpectedReply):
        vault.open(damaged, tenant="t", connection="c")


def test_a_grant_never_shows_its_tokens() -> None:
    """Its representation is safe to log by mistake."""
    assert "rt" not in repr(GRANT).split("(", 1)[1]
    assert "access_token" not in repr(GRANT)
