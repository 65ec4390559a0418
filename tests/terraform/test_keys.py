"""Keys are replaced without a gap: what was signed or sealed before is good until its key is retired."""

from __future__ import annotations

import subprocess
import sys

import pytest

from common.config import Config
from common.crypto.keys import HmacKeys
from common.crypto.vault import TinkVault
from common.errors import UnexpectedReply
from scripts.keys import add, new, promote, retire
from tests.terraform.deployment import ROOT, shared


def keys(value: str) -> HmacKeys:
    return HmacKeys(Config({"SIGNING_KEYS": value}).keys("SIGNING_KEYS"))


def test_a_new_installation_gets_every_key_that_we_make() -> None:
    """What comes from elsewhere (OAuth clients, mail) is all that an operator must bring."""
    made = new()

    assert set(made) <= set(shared("settings")["secrets"])
    assert {"CHANNEL_KEYS", "EVENT_ID_KEY", "GRANT_KEYSET", "SIGNING_KEYS"} == set(made)
    assert keys(made["SIGNING_KEYS"]).sign("manage", "a")


def test_signing_keys_rotate_without_a_gap() -> None:
    """While two releases answer side by side, each accepts what the other signs."""
    old = new()["SIGNING_KEYS"]
    added = add("SIGNING_KEYS", f"{old}\n")
    promoted = promote("SIGNING_KEYS", added)
    retired = retire("SIGNING_KEYS", promoted)

    assert keys(added).sign("manage", "a") == keys(old).sign("manage", "a")
    assert keys(added).verify(keys(promoted).sign("manage", "a"), "manage", "a")
    assert keys(promoted).verify(keys(old).sign("manage", "a"), "manage", "a")
    assert keys(retired).sign("manage", "a") == keys(promoted).sign("manage", "a")
    assert not keys(retired).verify(keys(old).sign("manage", "a"), "manage", "a")


def test_the_grants_keyset_rotates_without_a_gap() -> None:
    """Grants sealed before are opened after, until their key is retired."""
    old = new()["GRANT_KEYSET"]
    added = add("GRANT_KEYSET", old)
    promoted = promote("GRANT_KEYSET", added)
    retired = retire("GRANT_KEYSET", promoted)
    before = TinkVault(old).conceal("secret", context="a")
    after = TinkVault(promoted).conceal("secret", context="a")

    assert TinkVault(old).reveal(TinkVault(added).conceal("secret", context="a"), context="a") == "secret"
    assert TinkVault(added).reveal(after, context="a") == "secret"
    assert TinkVault(promoted).reveal(before, context="a") == "secret"
    assert TinkVault(retired).reveal(after, context="a") == "secret"
    with pytest.raises(UnexpectedReply):
        TinkVault(retired).reveal(before, context="a")


def test_the_command_never_touches_the_key_of_event_ids() -> None:
    """With another key every booking would be exported a second time."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.keys", "add", "EVENT_ID_KEY"],
        cwd=ROOT,
        input="value",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stdout == ""
