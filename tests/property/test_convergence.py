"""Whatever users and providers do: once all tasks have run, store and calendars agree."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.agreement import differences
from tests.property.random_users import RandomUsers
from tests.world import ACCOUNT


class Convergence(RandomUsers):
    """Random actions and random faults; at the end the faults stop and everything must agree."""

    # -- faults ---------------------------------------------------------------------------------

    @rule()
    def pushes_are_lost(self) -> None:
        self.world.google.inspect.drop_pushes()

    @rule()
    def a_push_comes_twice(self) -> None:
        if self.world.google.push.pending():
            self.world.google.inspect.duplicate_push()

    @rule()
    def pushes_change_places(self) -> None:
        count = len(self.world.google.push.pending())
        self.world.google.inspect.reorder_pushes(list(reversed(range(count))))

    @rule()
    def sync_tokens_expire(self) -> None:
        self.world.google.admin.expire_sync_tokens()

    @rule(
        method=st.sampled_from(["events.*", "events.list", "events.insert", "events.patch", "oauth.token"]),
        status=st.sampled_from(
            [(429, "rateLimitExceeded"), (403, "userRateLimitExceeded"), (503, "backendError")]
        ),
        times=st.integers(1, 3),
    )
    def google_refuses(self, method: str, status: tuple[int, str], times: int) -> None:
        action = "oauth_error" if method.startswith("oauth") else "status"
        code, reason = (503, "server_error") if action == "oauth_error" else status
        self.world.google.add_fault(action, method=method, status=code, reason=reason, times=times)

    @rule(method=st.sampled_from(["events.insert", "events.patch", "events.delete", "events.list"]))
    def an_answer_is_lost(self, method: str) -> None:
        self.world.google.add_fault("drop_after", method=method)

    @rule(kind=st.sampled_from(["empty", "short", "tokenless"]))
    def a_page_is_odd(self, kind: str) -> None:
        self.world.google.add_fault("page", method="events.list", page=kind)

    @rule(calls=st.integers(1, 60), after=st.booleans())
    def the_instance_dies(self, calls: int, after: bool) -> None:
        self.plan.arm(calls, after=after)

    # -- time -----------------------------------------------------------------------------------

    @rule()
    def the_queue_runs(self) -> None:
        self.world.drain()

    @rule(minutes=st.sampled_from([1, 20, 90]))
    def time_passes(self, minutes: int) -> None:
        self.world.advance(minutes=minutes)

    def teardown(self) -> None:
        """Without faults everything agrees after some hours, and another hour writes nothing."""
        if not hasattr(self, "connection"):
            return
        self.plan.disarm()
        self.world.google.inspect.clear_faults()
        self.settle()
        connection = self.world.ports.connections.get("t1", self.connection)
        assert differences(self.world, connection, ACCOUNT) == []
        before, calls = self.data_written(), self.provider_writes()
        self.settle(hours=1)
        assert (self.data_written(), self.provider_writes()) == (before, calls)

    # -- means ----------------------------------------------------------------------------------

    def settle(self, hours: int = 3) -> None:
        """Run the scheduler and the queue for some hours."""
        for _ in range(hours * 3):
            self.world.maintain()
            self.world.advance(minutes=20)

    def data_written(self) -> dict[str, int]:
        """The number of writes of each kind of data, without cursors, leases, counters and tokens."""
        kinds = ("weeks", "index", "agenda", "bookings", "cells", "exports", "notices")
        return {kind: self.documents.written[kind] for kind in kinds}

    def provider_writes(self) -> int:
        """The number of writes at the provider."""
        writes = ("events.insert", "events.patch", "events.update", "events.delete")
        return sum(1 for call in self.world.google.admin.calls() if call["method"] in writes)


Convergence.TestCase.settings = settings(
    # More examples before a release: CONVERGENCE_EXAMPLES=1000 pytest tests/property/test_convergence.py
    max_examples=int(os.environ.get("CONVERGENCE_EXAMPLES", "25")),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    report_multiple_bugs=False,
    # A long example is shrunk by hand: the machine would take minutes for each step.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
TestConvergence = pytest.mark.timeout(0)(Convergence.TestCase)
