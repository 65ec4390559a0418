"""A function needs no settings for what it never does, and reports a missing one at its first use."""

from __future__ import annotations

import pytest

from common.config import Config, Misconfigured
from common.crypto.vault import new_keyset
from common.domain.calendar.connection import ProviderKind
from common.errors import OperatorFault
from common.providers.registry import provider_registry
from common.wiring import Installation
from local.firestore_memory.documents import MemoryDocuments

BARE = {"PUBLIC_BASE_URL": "https://functions.example"}
GOOGLE = {"GOOGLE_CLIENT_ID": "1.apps.googleusercontent.com", "GOOGLE_CLIENT_SECRET": "a-secret"}


def test_ports_need_no_secrets_until_they_are_used() -> None:
    """A function that only reads documents starts without keys and clients."""
    ports = Installation(Config(BARE), documents=MemoryDocuments()).ports

    assert ports.connections.of_tenant("t1") == ()
    assert ports.keys.token()
    assert not ports.mailer.on


def test_a_missing_setting_is_named_at_its_first_use() -> None:
    """In the error that is logged for operators and answered 503."""
    ports = Installation(Config(BARE), documents=MemoryDocuments()).ports

    with pytest.raises(Misconfigured, match="GRANT_KEYSET"):
        ports.vault.conceal("a", context="b")
    with pytest.raises(Misconfigured, match="purpose manage"):
        ports.keys.sign("manage", "a")
    with pytest.raises(Misconfigured, match="GOOGLE_CLIENT_ID nor MICROSOFT_CLIENT_ID"):
        ports.providers[ProviderKind.GOOGLE]


def test_the_deferred_vault_is_the_installations_own() -> None:
    """What the port encrypts, the installation's own vault decrypts."""
    installation = Installation(Config({**BARE, "GRANT_KEYSET": new_keyset()}), documents=MemoryDocuments())

    sealed = installation.ports.vault.conceal("secret", context="a")

    assert installation.vault.reveal(sealed, context="a") == "secret"


def test_an_incomplete_registration_affects_one_provider_only() -> None:
    """Without Microsoft's secret Google works, and Microsoft's calls name what is missing."""
    found = provider_registry(Config({**GOOGLE, "MICROSOFT_CLIENT_ID": "1"}), live_timeout=1.0)

    assert set(found) == {ProviderKind.GOOGLE, ProviderKind.MICROSOFT}
    assert found[ProviderKind.GOOGLE] is found[ProviderKind.GOOGLE]
    with pytest.raises(Misconfigured, match="MICROSOFT_CLIENT_SECRET"):
        found[ProviderKind.MICROSOFT]


def test_a_provider_without_a_registration_is_not_offered() -> None:
    """Work for it is an operator's error; asking whether it is offered is not."""
    found = provider_registry(Config(GOOGLE), live_timeout=1.0)

    assert ProviderKind.MICROSOFT not in found
    assert len(found) == 1
    with pytest.raises(OperatorFault):
        found[ProviderKind.MICROSOFT]
