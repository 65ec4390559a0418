"""Something changes an exported event each time we put it right: we stop, and say what that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.access import Staff
from common.domain.catalogue.records import EditPolicy, Language, OwnerEditPolicy
from common.domain.shared.task_records import Maintain, MaintenanceJob
from common.flows.booking.change import reschedule
from common.flows.ops.maintain import maintain
from tests.flows.setups.notify_setup import OWNER, policy
from tests.flows.setups.proposal_setup import AskingGoogle, AskingOutlook
from tests.flows.setups.sync_setup import at

SUBJECTS = {
    Language.ENGLISH: "An appointment of Anna is changed in the calendar again and again",
    Language.GERMAN: "Ein Termin von Anna wird im Kalender immer wieder geändert",
}


@pytest.fixture(params=[AskingGoogle, AskingOutlook], ids=["google", "microsoft"])
def world(request):
    return request.param()


def edits(world, **parts):
    """The tenant's policy for what owners change."""
    tenant = world.ports.catalogue.tenant(world.tenant)
    world.ports.catalogue.save_tenant(replace(tenant, owner_edits=OwnerEditPolicy(**parts)))


def fight(world, times=9):
    """Another program moves the event again and again, within half an hour."""
    for _ in range(times):
        world.edit(minutes=120)


def mailed(world):
    """The minute later in which the scheduler fires, and all that was mailed to the owner until then."""
    world.advance(minutes=1)
    maintain(world.ports, Maintain(MaintenanceJob.OUTBOX))
    world.drain()
    return world.postbox.to(OWNER)


@pytest.mark.pitfall(12)
def test_the_end_of_a_war_is_no_proposal(world):
    """Pitfall 12: told once as what it is; there is nothing to decide, and the booking stays."""
    edits(world, time=EditPolicy.REVERT)
    fight(world)
    told = world.notices()

    assert [*["edit_reverted"] * 6, "edit_contested"] == told
    assert (at(9), None) == (world.booking().interval.start, world.booking().proposal)
    assert [at(11)] == [start for start, _ in world.shown()]


@pytest.mark.pitfall(12)
def test_after_a_quiet_hour_the_event_is_put_right_again(world):
    """Pitfall 12: stopping is not giving up; what is seen of the event later is judged anew."""
    edits(world, time=EditPolicy.REVERT)
    fight(world)
    world.advance(hours=2)
    world.edit(minutes=60)

    assert "edit_reverted" == world.notices()[-1]
    assert [at(9)] == [start for start, _ in world.shown()]


@pytest.mark.pitfall(12)
@pytest.mark.pitfall(22)
def test_words_proposed_during_a_war_are_still_told(world):
    """Pitfalls 12, 22: words that wait for a decision are told as such beside the end of the war."""
    edits(world, time=EditPolicy.REVERT, text=EditPolicy.PROPOSE)
    fight(world)
    world.edit(minutes=60, title="with dog")

    assert "with dog" == world.booking().proposal.title
    assert ["edit_contested", "edit_proposed"] == world.notices()[-2:]


@pytest.mark.pitfall(12)
@pytest.mark.parametrize("language", SUBJECTS, ids=str)
def test_the_owner_is_mailed_what_happened(world, language):
    """Pitfall 12: one mail of its own, in the tenant's language, without anybody's name in it."""
    edits(world, time=EditPolicy.REVERT)
    policy(world, customers=False, owner=OWNER, language=language)
    fight(world)
    mails = mailed(world)
    (mail,) = [one for one in mails if one.subject == SUBJECTS[language]]

    assert 7 == len(mails)
    assert world.booking().id[-8:].upper() in mail.text
    assert "Carla" not in mail.text + mail.html


@pytest.mark.pitfall(12)
def test_a_war_of_deletions_ends(world):
    """Pitfall 12: made anew six times within an hour; then the calendar is left alone, told once."""
    edits(world, deletion=EditPolicy.REVERT)
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
def test_after_a_war_of_deletions_the_next_change_is_shown(world):
    """Pitfall 12: a booking that moves gets its event again, and so does one deleted an hour later."""
    edits(world, deletion=EditPolicy.REVERT)
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
