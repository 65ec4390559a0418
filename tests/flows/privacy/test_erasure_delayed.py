"""An erasure meets dead grants, outages, limits, late writers and crashes, and ends all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.privacy.erasure import ErasureStage
from common.domain.shared.task_records import AdvanceErasure
from common.flows.privacy.erasure import advance_erasure, start_erasure
from common.ports.machine import Tuning
from tests.crash_points import Crash, CrashPlan, crashing_ports
from tests.flows.setups.erasure_setup import CARLA, Erasing
from tests.whole_lists import every
from tests.world import ACCOUNT, World


class Often(CrashPlan):
    """Kills again and again, each time one call later than the last time."""

    def around(self, name, call):
        try:
            return super().around(name, call)
        except Crash:
            self.arm(self.crashes + 1, after=self.after)
            raise


def test_a_dead_grant_leaves_events_and_the_receipt_says_so():
    """What cannot be reached cannot be deleted; everything here goes all the same."""
    life = Erasing()
    life.google.admin.revoke_grant(ACCOUNT)
    receipt = life.erase()

    assert (receipt.stage, receipt.events_erased, receipt.events_left) == (ErasureStage.DONE, 0, 3)
    assert [path.split("/")[2] for path in life.paths("tenants/t1")] == ["audit", "erasures"]


def test_an_outage_delays_an_erasure_without_ending_it():
    """While the provider is down the job waits, visibly, and then goes on."""
    life = Erasing()
    life.google.add_fault("status", method="events.delete", times=3, status=503)
    job = start_erasure(life.ports, tenant="t1", subject="owner-1", confirm="t1")
    life.drain(within=timedelta(0))
    waiting = life.ports.archive.get("t1", job.id)
    life.advance(hours=1)

    assert (waiting.stage, waiting.waiting_until is not None) == (ErasureStage.DISCONNECTING, True)
    assert life.ports.archive.get("t1", job.id).stage is ErasureStage.DONE
    assert life.own_events() == []


def test_what_is_stored_behind_the_first_pass_is_erased_by_the_second():
    """Somebody who held a lease when it began stores something behind the first pass."""
    life = Erasing()
    feed = life.sync_state()
    job = start_erasure(life.ports, tenant="t1", subject="owner-1", confirm="t1")
    life.drain()
    while life.ports.archive.get("t1", job.id).stage is not ErasureStage.WAITING:
        life.advance(seconds=20)
    life.ports.sync_states.save(replace(feed, version=None))
    life.advance(minutes=30)

    assert life.ports.archive.get("t1", job.id).stage is ErasureStage.DONE
    assert [path.split("/")[2] for path in life.paths("tenants/t1")] == ["audit", "erasures"]


@pytest.mark.parametrize("wish", [{}, {"resource": "anna"}, {"customer": CARLA.email}], ids=str)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_erasure_survives_crashes(wish, after):
    """Killed at one port call after the other, it ends as if nothing had happened."""
    plan = Often()
    small = Tuning(page_budget=1, backfill_chunk=2, poison_attempts=100)
    life = Erasing(events=3, wrap=lambda ports: crashing_ports(ports, plan), tuning=small)
    confirm = next(iter(wish.values()), "t1")
    job = start_erasure(life.ports, tenant="t1", subject="owner-1", confirm=confirm, **wish)
    plan.arm(1, after=after)
    life.advance(hours=2)
    plan.disarm()
    life.advance(hours=2)

    assert plan.crashes > 8
    assert every(life.ports.lists.dead_letters, "t1") == ()
    assert life.ports.archive.get("t1", job.id).stage is ErasureStage.DONE
    assert "Canary" not in life.everything()
    if "customer" not in wish:
        assert life.own_events() == []
        assert life.paths("tenants/t1/connections") == life.paths("tenants/t1/resources/anna") == []


def test_a_task_of_an_erasure_that_does_not_exist_does_nothing():
    """A late task of a job that was never written does nothing."""
    world = World()

    advance_erasure(world.ports, AdvanceErasure("t1", "nobody"))
    assert world.documents.paths() == ()


def test_a_used_up_account_delays_an_erasure_without_ending_it():
    """A limit for hours is waited out: the event goes in the end, and the job says that it is not done."""
    life = Erasing()
    life.set(exports={"on": False})
    life.google.add_fault(
        "status",
        method="events.delete",
        times=2,
        status=403,
        reason="quotaExceeded",
        domain="usageLimits",
    )
    job = start_erasure(life.ports, tenant="t1", subject="owner-1", confirm=CARLA.email, customer=CARLA.email)
    life.drain()
    before = life.ports.archive.get("t1", job.id)
    life.advance(hours=3)
    after = life.ports.archive.get("t1", job.id)

    assert (before.stage, after.stage, after.events_left) == (ErasureStage.ERASING, ErasureStage.DONE, 0)
    assert len(life.own_events()) == 1
