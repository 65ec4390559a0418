from __future__ import annotations

from typing import Any

import pytest

from common.config import Config
from common.domain.calendar.connection import ProviderKind
from common.tasks.grpc import GrpcTaskQueue
from common.tasks.rest import RestTaskQueue
from common.wiring import Installation
from local.environment import Addresses, missing, settings
from local.firestore_memory.documents import MemoryDocuments

HERE = Addresses("http://f", "http://i", "g:1", "http://r")
SIMULATED = Addresses("http://f", "http://i", "g:1", "http://r", google="http://google")
CLIENT = {"GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "secret"}
ISSUER = {
    "STAFF_TOKEN_ISSUER": "https://login.example",
    "STAFF_TOKEN_AUDIENCE": "ours",
    "STAFF_TOKEN_JWKS_URI": "https://login.example/jwks",
}
QUEUE = {
    "CLOUD_TASKS_EMULATOR_HOST": "queue.example:8123",
    "GOOGLE_CLOUD_PROJECT": "p",
    "TASKS_LOCATION": "l",
    "TASKS_TOKEN_ISSUER": "http://queue.example",
    "TASKS_TOKEN_JWKS_URI": "http://queue.example/jwks",
}


@pytest.mark.parametrize("address", ["https://tunnel.example", "https://tunnel.example/"])
def test_the_consent_returns_to_the_public_address(address: str) -> None:
    """Exactly <PUBLIC_BASE_URL>/oauth_callback, with or without a slash at the end of the setting."""
    config = Config(settings(HERE, {**CLIENT, "PUBLIC_BASE_URL": address}))
    installation = Installation(config)

    assert installation.tuning.oauth_redirect == "https://tunnel.example/oauth_callback"
    assert installation.tuning.webhook_google == "https://tunnel.example/webhook_google"
    assert config.function_url("delta_sync") == "http://f/delta_sync"


@pytest.mark.parametrize("given", [ISSUER, QUEUE, ISSUER | QUEUE])
def test_other_servers_are_taken_from_the_environment(given: dict[str, str]) -> None:
    """The staff's issuer and the task queue, each alone and together; the rest stays local."""
    made = settings(HERE, {**CLIENT, **given})
    ours = settings(HERE, CLIENT)
    changed = {name for name in made if made[name] != ours.get(name) and "KEY" not in name}

    assert {name: made[name] for name in given} == given
    assert changed == set(given)


def test_simulated_providers_take_nothing_from_the_environment() -> None:
    """Settings of a deployment in the shell are ignored with simulated providers."""
    made = settings(SIMULATED, {**CLIENT, **ISSUER, **QUEUE, "PUBLIC_BASE_URL": "https://x"})

    assert made["GOOGLE_CLIENT_ID"] != "id"
    assert made["PUBLIC_BASE_URL"] == "http://f"
    assert made["STAFF_TOKEN_ISSUER"] == "http://i"
    assert made["CLOUD_TASKS_EMULATOR_HOST"] == "g:1"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET"]),
        ({"GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": ""}, ["GOOGLE_CLIENT_SECRET"]),
        ({**CLIENT, "MICROSOFT_CLIENT_SECRET": "x"}, ["MICROSOFT_CLIENT_ID"]),
        (
            {**CLIENT, "STAFF_TOKEN_ISSUER": "https://login.example"},
            ["STAFF_TOKEN_AUDIENCE", "STAFF_TOKEN_JWKS_URI"],
        ),
        ({**CLIENT, **ISSUER, **QUEUE}, []),
    ],
)
def test_what_is_missing_is_named(given: dict[str, str], names: list[str]) -> None:
    """All missing variables are named at once."""
    text = "\n".join(missing(given))

    assert [name for name in names if name not in text] == []
    assert bool(text) is bool(names)


@pytest.mark.parametrize(
    ("given", "issuer"),
    [
        ({}, "https://accounts.google.com"),
        ({"GOOGLE_TOKEN_URI": "http://localhost:4002/oauth2/token"}, None),
        ({"GOOGLE_TOKEN_URI": "http://x/token", "GOOGLE_ISSUER": "http://x"}, "http://x"),
    ],
)
def test_whose_id_tokens_are_accepted(given: dict[str, str], issuer: str | None) -> None:
    """Google's ID tokens; at another token endpoint those of GOOGLE_ISSUER, or of any issuer without it."""
    config = Config(settings(HERE, {**CLIENT, **given}))
    ports = Installation(config, documents=MemoryDocuments()).ports

    assert ports.providers[ProviderKind.GOOGLE].authorizer.issuer == issuer


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"CLOUD_TASKS_EMULATOR_HOST": "g:1"}, GrpcTaskQueue),
        ({"CLOUD_TASKS_EMULATOR_HOST": "g:1", "CLOUD_TASKS_REST_ENDPOINT": "http://r"}, RestTaskQueue),
        ({}, RestTaskQueue),
    ],
)
def test_webhooks_never_queue_at_google_beside_an_emulator(given: dict[str, str], kind: type[Any]) -> None:
    """With an emulator that has only a gRPC API, the webhooks' tasks go there as well."""
    place = {
        "GOOGLE_CLOUD_PROJECT": "p",
        "TASKS_LOCATION": "l",
        "TASKS_SERVICE_ACCOUNT": "a",
        "PUBLIC_BASE_URL": "https://f",
    }

    assert type(Installation(Config({**place, **given})).lean_queue) is kind
