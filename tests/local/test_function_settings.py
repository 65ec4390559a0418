"""A local function gets the settings that its deployment would give it."""

from __future__ import annotations

import pytest

from common.config import Config
from common.machine import JsonLog
from common.wiring import Installation, installation, use, using
from local.firestore_memory.documents import MemoryDocuments
from local.function_settings import installations, settings_of
from tests.terraform.deployment import functions, shared

EVERYTHING = {
    name: f"{name} itself"
    for name in (
        *shared("settings")["secrets"],
        *(setting for group in shared("settings")["groups"].values() for setting in group),
    )
} | {"PATH": "/usr/bin", "FUNCTION_URL_SLOTS": "http://127.0.0.1/slots"}


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_function_gets_its_own_secrets_alone(name: str) -> None:
    """Secrets of other functions are left out; settings that Terraform does not know are kept."""
    given = settings_of(name, EVERYTHING)

    assert set(functions()[name]["secrets"]) == set(given) & set(shared("settings")["secrets"])
    assert {"PATH", "FUNCTION_URL_SLOTS", "GOOGLE_CLOUD_PROJECT"} <= set(given)


def test_functions_share_the_store_that_they_may_open() -> None:
    """Functions with access to the database share one store; a webhook has none."""
    whole = Installation(Config({}), documents=MemoryDocuments())
    whole.log = JsonLog()
    made = installations(whole, ("feeds", "services", "webhook_google"))

    assert made["feeds"].stores is made["services"].stores is whole.stores
    assert "stores" not in vars(made["webhook_google"])


def test_a_request_has_the_installation_of_its_function() -> None:
    """After the request the process's own installation is in use again."""
    own, other = Installation(Config({})), Installation(Config({}))
    use(own)
    with using(other):
        during = installation()
    after = installation()
    use(None)

    assert (other, own) == (during, after)
