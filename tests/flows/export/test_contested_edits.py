"""An event that is changed each time Slotbridge restores it: Slotbridge stops and notifies the owner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.access import Staff
from common.domain.catalogue.records import EditPolicy, Language, OwnerEditPolicy
from common.domain.shared.task_records import Maintain, MaintenanceJob
from common.flows.booking.change import reschedule
from common.flows.ops.maintain import maintain
from tests.flows.setups.notify_setup import OWNER, policy
from tests.flows.setups.proposal_setup import ProposalsAtGoogle, ProposalsAtOutlook
from tests.flows.setups.sync_setup import at

SUBJECTS = {
    Language.ENGLISH: "An appointment of Anna is changed in the calendar again and again",
    Language.GERMAN: "Ein Termin von Anna wird im Kalender immer wieder geändert",
}


@pytest.fixture(params=[ProposalsAtGoogle, ProposalsAtOutlook], ids=["google", "microsoft"])
def world(request):
    return request.param()


def set_edit_policy(world, **parts):
    """Set the tenant's policy for owners' edits of exported events."""
    tenant = world.ports.catalogue.tenant(world.tenant)
    world.ports.catalogue.save_tenant(replace(tenant, owner_edits=OwnerEditPolicy(**parts)))


def edit_repeatedly(world, times=9):
    """Another program moves the event nine times within half an hour."""
    for _ in range(times):
        world.edit(minutes=120)


def owner_mails(world):
    """Run the outbox a minute later and return all mails to the owner so far."""
    world.advance(minutes=1)
    maintain(world.ports, Maintain(MaintenanceJob.OUTBOX))
    world.drain()
    return world.postbox.to(OWNER)


@pytest.mark.pitfall(12)
def test_a_contested_edit_becomes_no_proposal(world):
    """Pitfall 12: after six reverted edits the owner gets one other notice; the booking keeps its time."""
    set_edit_policy(world, time=EditPolicy.REVERT)
    edit_repeatedly(world)
    told = world.notices()

    assert [*["edit_reverted"] * 6, "edit_contested"] == told
    assert (at(9), None) == (world.booking().interval.start, world.booking().proposal)
    assert [at(11)] == [start for start, _ in world.shown()]


@pytest.mark.pitfall(12)
def test_an_edit_two_hours_later_is_reverted_as_usual(world):
    """Pitfall 12: Slotbridge stops only for a while; a later edit is handled by the policy as usual."""
    set_edit_policy(world, time=EditPolicy.REVERT)
    edit_repeatedly(world)
    world.advance(hours=2)
    world.edit(minutes=60)

    assert "edit_reverted" == world.notices()[-1]
    assert [at(9)] == [start for start, _ in world.shown()]


@pytest.mark.pitfall(12)
@pytest.mark.pitfall(22)
def test_a_new_title_is_proposed_although_the_time_is_contested(world):
    """Pitfalls 12, 22: a proposed title gets its own notice beside the notice about the contested time."""
    set_edit_policy(world, time=EditPolicy.REVERT, text=EditPolicy.PROPOSE)
    edit_repeatedly(world)
    world.edit(minutes=60, title="with dog")

    assert "with dog" == world.booking().proposal.title
    assert ["edit_contested", "edit_proposed"] == world.notices()[-2:]


@pytest.mark.pitfall(12)
@pytest.mark.parametrize("language", SUBJECTS, ids=str)
def test_a_contested_edit_is_mailed_to_the_owner(world, language):
    """Pitfall 12: one mail in the tenant's language, with the reference, without the customer's name."""
    set_edit_policy(world, time=EditPolicy.REVERT)
    policy(world, customers=False, owner=OWNER, language=language)
    edit_repeatedly(world)
    mails = owner_mails(world)
    (mail,) = [one for one in mails if one.subject == SUBJECTS[language]]

    assert 7 == len(mails)
    assert world.booking().id[-8:].upper() in mail.text
    assert "Carla" not in mail.text + mail.html


@pytest.mark.pitfall(12)
def test_repeated_deletions_are_reverted_six_times_only(world):
    """Pitfall 12: after six times within an hour the event stays deleted and the owner gets one notice."""
    set_edit_policy(world, deletion=EditPolicy.REVERT)
    for _ in range(9):
        if world.shown():
            world.erase()
            world.advance(minutes=3)
    told = world.notices()

    assert [*["edit_reverted"] * 6, "edit_contested"] == told
    assert (True, at(9), None) == (
        world.booking().active,
        world.booking().interval.start,
        world.booking().proposal,
    )
    assert [] == world.shown()


@pytest.mark.pitfall(12)
def test_a_new_time_creates_the_event_after_repeated_deletions(world):
    """Pitfall 12: a rescheduled booking gets its event, which is also restored when deleted hours later."""
    set_edit_policy(world, deletion=EditPolicy.REVERT)
    for _ in range(7):
        world.erase()
        world.advance(minutes=3)
    world.advance(hours=2)
    reschedule(world.ports, tenant=world.tenant, booking="b1", start=at(14), by=Staff(None))
    world.settled()
    moved = [start for start, _ in world.shown()]
    world.advance(hours=2)
    world.erase()
    world.advance(minutes=5)

    assert [at(14)] == moved == [start for start, _ in world.shown()]
    assert "edit_reverted" == world.notices()[-1]
