"""Signatures are valid for one purpose only, and encrypted grants for one connection only."""

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
    """Another purpose, or the same text split into other parts, has another signature."""
    keys = HmacKeys([NEW])
    made = keys.sign("manage", "ab", "c")

    assert keys.verify(made, "manage", "ab", "c")
    assert not keys.verify(made, "manage", "a", "bc")
    assert not keys.verify(made, "channel", "ab", "c")


def test_a_signature_may_be_shortened_to_128_bits() -> None:
    """Where there is little room; a shorter one, or one with a changed bit, is refused."""
    keys = HmacKeys([NEW])
    made = keys.sign("channel", "c1")

    assert keys.verify(made[:16], "channel", "c1")
    assert not keys.verify(made[:15], "channel", "c1")
    assert not keys.verify(b"", "channel", "c1")
    assert not keys.verify(made[:15] + bytes([made[15] ^ 1]), "channel", "c1")
    assert not keys.verify(made + b"x", "channel", "c1")


def test_old_signatures_are_valid_while_their_key_is_listed() -> None:
    """And not afterwards."""
    made = HmacKeys([OLD]).sign("manage", "b1")

    assert HmacKeys([NEW, OLD]).verify(made, "manage", "b1")
    assert not HmacKeys([NEW]).verify(made, "manage", "b1")


def test_channel_keys_sign_for_channels_only() -> None:
    """A function that has only the channel keys cannot sign for another purpose."""
    keys = HmacKeys([], channel=[NEW])

    assert keys.sign("channel", "x")
    with pytest.raises(Misconfigured):
        keys.sign("manage", "x")


def test_a_grant_is_the_same_after_encryption_and_decryption() -> None:
    """Nothing is lost."""
    vault = TinkVault(new_keyset())

    assert vault.open(vault.seal(GRANT, tenant="t", connection="c"), tenant="t", connection="c") == GRANT


@pytest.mark.parametrize(("tenant", "connection"), [("t", "d"), ("u", "c"), ("t/c", "")])
def test_a_grant_cannot_be_decrypted_for_another_connection(tenant: str, connection: str) -> None:
    """Not for another tenant either, when the ciphertext is copied there."""
    vault = TinkVault(new_keyset())
    sealed = vault.seal(GRANT, tenant="t", connection="c")

    with pytest.raises(UnexpectedReply):
        vault.open(sealed, tenant=tenant, connection=connection)


def test_a_damaged_ciphertext_is_refused() -> None:
    """One changed character is enough."""
    vault = TinkVault(new_keyset())
    sealed = vault.seal(GRANT, tenant="t", connection="c")
    damaged = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]

    with pytest.raises(UnexpectedReply):
        vault.open(damaged, tenant="t", connection="c")


def test_the_representation_of_a_grant_hides_its_tokens() -> None:
    """So a grant that is logged by mistake does no harm."""
    assert "rt" not in repr(GRANT).split("(", 1)[1]
    assert "access_token" not in repr(GRANT)
