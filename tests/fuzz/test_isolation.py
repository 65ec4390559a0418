"""Two tenants that know each other's names, and do whatever they like."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from common import wiring
from openapi.functions import names
from tests.api.conftest import Http
from tests.fuzz.cases import PRIVATE, GeneratedRequest, generated_requests, operations
from tests.tenants import FilledTenant, documents_of, fill_tenant, snapshot_documents
from tests.world import World

EXAMPLES = max(4, int(os.environ.get("SCHEMATHESIS_EXAMPLES", "300")) // 40)
# What the platform calls is given the tenant by a task, which no tenant can write.
CALLED = [name for name in names() if name not in PRIVATE]
SOON, LATER = timedelta(minutes=1), timedelta(minutes=10)


@cache
def offered() -> list[tuple[str, str]]:
    return [
        (function, operation)
        for function in CALLED
        for operation in operations(function)
        if not operation.startswith("describe")
    ]


@cache
def requests_of(function: str, operation: str) -> st.SearchStrategy[GeneratedRequest]:
    return generated_requests(operations(function)[operation], valid=True)


class Isolation(RuleBasedStateMachine):
    """Each step is one call of one tenant and all that follows from it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.install()
        http = Http(self.world)
        self.tenants = (fill_tenant(http, "t1"), fill_tenant(http, "t2"))

    def teardown(self) -> None:
        wiring.use(None)

    @rule(turn=st.booleans(), which=st.integers(0, 9999), authorised=st.integers(0, 4), data=st.data())
    def call(self, turn: bool, which: int, authorised: int, data: Any) -> None:
        """One of them calls; of the other nothing is told, and nothing changes."""
        own, other = self.tenants if turn else self.tenants[::-1]
        function, operation = offered()[which % len(offered())]
        case = data.draw(requests_of(function, operation)).by(function, own, other, authorised=authorised > 0)
        _name_own_things(case, own)
        self.world.drain(within=LATER)
        before = documents_of(snapshot_documents(self.world), other.tenant)
        mails, posts = len(self.world.postbox.mails), len(self.world.targets.posted)

        answer = case.call()
        self.world.drain(within=SOON)
        told = [mail.mail.raw for mail in self.world.postbox.mails[mails:]]
        posted = repr(self.world.targets.posted[posts:])
        said = answer.content.decode() + str(answer.headers) + repr(told) + posted

        assert answer.status_code != 500, operation
        assert other.word not in said, (operation, said)
        assert documents_of(snapshot_documents(self.world), other.tenant) == before, operation


def _name_own_things(case: Any, own: FilledTenant) -> None:
    """Anybody may book anywhere: they do it at their own tenant's; staff at another's end at the door."""
    if isinstance(case.query, dict) and "tenant" in case.query:
        case.query = {**case.query, "tenant": own.tenant}


TestIsolation = Isolation.TestCase
TestIsolation.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
