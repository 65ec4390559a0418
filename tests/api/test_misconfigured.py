"""While a secret of the installation is missing, callers get 503 and tasks wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.config import Config
from common.crypto.keys import HmacKeys
from common.domain.calendar.connection import ProviderKind
from common.domain.shared.tasks import Work
from common.flows.shared.enqueue import request_sync
from common.providers.registry import provider_registry
from common.wiring import Installation
from local.firestore_memory.documents import MemoryDocuments
from tests.api.booking.test_bookings import book
from tests.api.conftest import Http
from tests.flows.setups.connection_stages_setup import Life
from tests.flows.setups.sync_setup import at
from tests.whole_lists import every
from tests.world import ACCOUNT, RETURN_TO, World

BODY = {"provider": "google", "resource": "anna", "return_to": RETURN_TO}
CLIENTS = {"GOOGLE_CLIENT_ID": "1.apps.googleusercontent.com", "MICROSOFT_CLIENT_ID": "1"}


def without_client_secrets(world: World) -> None:
    """Remove both providers' OAuth client secrets."""
    world.ports = replace(world.ports, providers=provider_registry(Config(CLIENTS), live_timeout=1.0))


@pytest.mark.parametrize("provider", list(ProviderKind))
def test_a_missing_oauth_secret_is_answered_503_every_time(http: Http, provider: ProviderKind) -> None:
    """The code says what is wrong, the text names no setting, and later requests get the same answer."""
    without_client_secrets(http.world)

    answers = [http("POST", "/connections", json={**BODY, "provider": provider.value}) for _ in range(3)]
    other = http("GET", "/connections")

    assert [(503, "misconfigured")] * 3 == [(answer.status, answer.code) for answer in answers]
    assert "SECRET" not in str([answer.body for answer in answers])
    assert 200 == other.status


def test_a_missing_keyset_is_answered_503(http: Http) -> None:
    """Nothing is stored that could not be encrypted."""
    bare = Installation(Config({"PUBLIC_BASE_URL": "https://functions.example"}), documents=MemoryDocuments())
    http.world.ports = replace(http.world.ports, vault=bare.ports.vault)

    answer = http("POST", "/connections", json=BODY)

    assert (503, "misconfigured") == (answer.status, answer.code)


def test_missing_signing_keys_are_answered_503(http: Http) -> None:
    """A booking whose management link cannot be signed is not made."""
    http.world.ports = replace(http.world.ports, keys=HmacKeys([]))
    answer = book(http, key="key-12345")

    assert (503, "misconfigured") == (answer.status, answer.code)


def test_tasks_wait_for_a_missing_secret_and_then_run() -> None:
    """For hours, without a dead letter; each attempt logs the event that raises the alert."""
    life = Life()
    life.fill(1)
    life.synchronise()
    whole = life.ports
    without_client_secrets(life)
    request_sync(
        life.ports,
        tenant=life.connection.tenant,
        connection=life.connection.id,
        calendar=life.key,
        cause="poll/1",
    )
    life.enter(at(20))
    life.advance(hours=3)
    waiting = [done for done in life.done if done.task.work is Work.DELTA_SYNC and done.outcome == "again"]
    crashed = [line for line in life.log.lines if "request_crashed" in line and "Misconfigured" in line]
    letters = every(life.ports.lists.dead_letters, life.tenant)
    life.ports = whole
    life.engine.run_until(life.clock.now() + timedelta(minutes=10))
    life.drain()

    assert len(waiting) >= 20
    assert len(crashed) >= len(waiting)
    assert "_SECRET is missing" in crashed[0]
    assert not letters
    assert at(20) in life.busy()
    assert ACCOUNT not in "".join(crashed)
