"""Refused tokens prove nothing by themselves: only the sign-in ends a grant, or a day of refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.calendar.connection import Status
from common.domain.export.exported_event import LinkState
from tests.flows.setups.outage_setup import free, opened
from tests.flows.setups.sides_setup import BOTH, MICROSOFT, health, run
from tests.flows.setups.sync_setup import at


def grown_old(world):
    """The access token has ended, so that the next call needs a fresh one."""
    world.advance(hours=2)


@pytest.mark.pitfall(19)
@BOTH
def test_two_refusals_of_good_tokens_pass_by_themselves(side):
    """An old token and a fresh one are refused, as in an outage: nobody is asked to connect again."""
    world = side.world()
    side.fault(world, method=side.delta, status=401, reason=side.unauthorized, times=2)
    world.enter(at(9))
    world.drain(within=timedelta(seconds=20))
    refused = world.connection
    shown = health(world)
    run(world, minutes=30)

    assert (refused.status, refused.shown_status) == (Status.ACTIVE, Status.UNREACHABLE)
    assert (shown.status, shown.healthy, shown.error) == (Status.UNREACHABLE, False, "unauthorized")
    assert shown.unreachable_since is not None
    assert (world.connection.doubt, world.connection.shown_status) == (None, Status.ACTIVE)
    assert at(9) in [event.interval.start for event in world.imported()]
    assert "reauth_required" not in world.notices()


@BOTH
def test_refused_tokens_are_tried_again_at_growing_intervals(side):
    """Two hours of refusals cost a handful of tries, the owner hears that the calendar is out of reach."""
    world = side.world()
    side.fault(world, method="[!o]*", status=401, reason=side.unauthorized, times=0)
    run(world, hours=2)
    doubt = world.connection.doubt
    during = world.notices()
    side.works(world)
    run(world, hours=2)

    assert doubt.tries < 10
    assert during == ["unreachable"]
    assert (world.connection.status, world.connection.doubt) == (Status.ACTIVE, None)
    assert world.notices() == ["unreachable"]


@pytest.mark.pitfall(19)
@BOTH
def test_a_day_of_refusals_ends_the_grant_and_its_owner_is_told_once(side):
    """After a day of trying nothing else is left but to connect again."""
    world = side.world()
    side.fault(world, method="[!o]*", status=401, reason=side.unauthorized, times=0)
    run(world, hours=23, step=20)
    before = world.connection.status
    run(world, hours=3, step=20)

    assert before is Status.ACTIVE
    assert world.connection.status is Status.REAUTH_REQUIRED
    assert world.notices().count("reauth_required") == 1


@BOTH
def test_a_live_question_answers_from_the_copy_while_tokens_are_refused(side):
    """The stored copy serves as the tenant's policy says, and the account is left alone for a moment."""
    world = opened(side.kind)
    world.enter(at(9))
    world.drain()
    world.advance(minutes=1)
    method = side.listing if side is not MICROSOFT else "batch"
    side.fault(world, method=method, status=401, reason=side.unauthorized, times=0)
    within = free(world)
    asked = len(side.simulator(world).admin.calls())
    again = free(world)

    assert at(12) in within
    assert at(9) not in within
    assert within == again
    assert asked == len(side.simulator(world).admin.calls())
    assert world.connection.status is Status.ACTIVE


@pytest.mark.parametrize("number", [70000, 70012, 50033, 50088, 999999])
def test_a_passing_number_of_the_sign_in_ends_nothing(number):
    """Microsoft documents these numbers as passing, or nobody knows them: the next refresh succeeds."""
    world = MICROSOFT.world()
    MICROSOFT.fault(
        world, "oauth_error", method="oauth.token", status=400, reason="invalid_grant", aadsts=number, times=2
    )
    grown_old(world)
    run(world, hours=1)
    world.enter(at(9))
    world.drain()

    assert (world.connection.status, world.connection.doubt) == (Status.ACTIVE, None)
    assert [at(9)] == world.imported_starts()
    assert "reauth_required" not in world.notices()


def test_an_unknown_number_ends_the_grant_after_a_day():
    """What is refused for a day is dead, whatever its number means."""
    world = MICROSOFT.world()
    MICROSOFT.fault(
        world, "oauth_error", method="oauth.token", status=400, reason="invalid_grant", aadsts=70000, times=0
    )
    grown_old(world)
    run(world, hours=20, step=20)
    before = world.connection.status
    run(world, hours=8, step=20)

    assert before is Status.ACTIVE
    assert world.connection.status is Status.REAUTH_REQUIRED
    assert world.notices().count("reauth_required") == 1


@BOTH
def test_the_sign_in_s_last_word_ends_the_grant_at_once(side):
    """A consent that was taken back needs its owner, and nobody waits a day for that."""
    world = side.world()
    side.simulator(world).admin.revoke_grant(side.account)
    grown_old(world)
    run(world, minutes=20)

    assert world.connection.status is Status.REAUTH_REQUIRED


@BOTH
def test_one_refusal_for_want_of_a_permission_is_tried_with_a_fresh_token(side):
    """The granted scopes are right: the read goes on as if nothing had been."""
    world = side.world()
    side.fault(world, method=side.delta, status=403, reason=side.scope, times=1)
    world.enter(at(9))
    world.drain()

    assert world.connection.status is Status.ACTIVE
    assert at(9) in [event.interval.start for event in world.imported()]


@BOTH
def test_a_lasting_refusal_for_want_of_a_permission_concerns_that_call_alone(side):
    """The scopes are granted, and one operation is refused: the calendar says so, the connection lives."""
    world = side.world()
    side.fault(world, method=side.delta, status=403, reason=side.scope, times=0)
    world.enter(at(9))
    world.drain()
    world.advance(minutes=10)

    assert world.connection.status is Status.ACTIVE
    assert health(world).calendars[0].error == "scope_missing"
    assert not health(world).healthy
    assert "reauth_required" not in world.notices()


@BOTH
def test_what_was_booked_meanwhile_is_written_once_tokens_are_taken_again(side):
    """The refusal is the account's and not the event's: nothing is given up, and nobody is told of it."""
    world = side.world()
    side.fault(world, method="[!o]*", status=401, reason=side.unauthorized, times=0)
    world.book(at(9))
    run(world, hours=3, step=20)
    during = world.link()
    side.works(world)
    run(world, hours=2, step=20)

    assert during is None or during.refused is None
    assert world.link().state is LinkState.LIVE
    assert "export_stopped" not in world.notices()


@BOTH
def test_refused_tokens_say_nothing_of_a_cursor(side):
    """After hours of refusals the delta goes on from where it was, without a fresh listing."""
    world = side.world()
    before = world.sync_state().generation
    side.fault(world, method="[!o]*", status=401, reason=side.unauthorized, times=0)
    run(world, hours=8, step=20)
    side.works(world)
    world.enter(at(9))
    run(world, hours=2, step=20)

    assert before == world.sync_state().generation
    assert at(9) in [event.interval.start for event in world.imported()]
