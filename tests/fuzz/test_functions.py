"""Every function under generated requests: no crash, no undescribed answer, nothing of another tenant.

``SCHEMATHESIS_EXAMPLES`` is how many requests are made in all; 10,000 take some minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from common import wiring
from openapi.functions import names, one
from tests.api.conftest import Http
from tests.fuzz.cases import GeneratedRequest, exchange_of, generated_requests, operations
from tests.openapi_checks import breaches
from tests.tenants import Documents, FilledTenant, fill_tenant, restore_documents, snapshot_documents
from tests.world import World

ALL = [
    (name, operation["operationId"])
    for name in names()
    for entry in one(name)["paths"].values()
    for operation in entry.values()
]
EXAMPLES = max(2, int(os.environ.get("SCHEMATHESIS_EXAMPLES", "300")) // len(ALL))
# A task that cannot be read is given up, and the platform told so.
FAILURES = {"unreadable_task"}


@dataclass(frozen=True)
class TwoTenants:
    """Two tenants as they are before each request."""

    world: World
    own: FilledTenant
    other: FilledTenant
    documents: Documents


@pytest.fixture(scope="module")
def tenants() -> Iterator[TwoTenants]:
    world = World()
    world.install()
    http = Http(world)
    own, other = fill_tenant(http, "t1"), fill_tenant(http, "t2")
    yield TwoTenants(world, own, other, snapshot_documents(world))
    wiring.use(None)


@pytest.mark.parametrize(("function", "operation"), ALL)
def test_no_generated_request_crashes_a_function_or_shows_another_tenant(
    tenants: TwoTenants, function: str, operation: str
) -> None:
    """Whatever is sent, by whomever: an answer that is described, and no word of another tenant."""
    found = operations(function)[operation]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(request=generated_requests(found))
    def run(request: GeneratedRequest) -> None:
        restore_documents(tenants.world, tenants.documents)
        case = request.by(function, tenants.own, tenants.other)
        answer = case.call()
        said = answer.content.decode()
        exchange = exchange_of(function, case, answer, said)

        assert breaches(exchange) == [], exchange
        broken = exchange.status in {500, 502} and exchange.answered["code"] not in FAILURES
        assert not broken, (exchange, tenants.world.log.lines[-2:])
        assert tenants.other.word not in said + str(answer.headers), exchange

    run()
