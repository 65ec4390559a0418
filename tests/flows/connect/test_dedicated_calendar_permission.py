"""A calendar of our own needs a permission that nobody has to give: without it the setting is refused."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import Status
from common.errors import Rejected
from tests.flows.setups.connect_setup import begin, finish
from tests.flows.setups.connection_stages_setup import Life
from tests.flows.setups.sides_setup import MICROSOFT
from tests.flows.setups.sync_setup import at

PREFIX = "https://www.googleapis.com/auth/"
NEEDED = [f"{PREFIX}calendar.calendarlist.readonly", f"{PREFIX}calendar.events"]


@pytest.fixture
def life():
    """An account whose owner left the box for calendars of our own unticked."""
    made = Life(connect=False)
    made.connection_id = finish(made, begin(made).url, decision="allow", ticked=NEEDED).connection
    made.synchronise()
    return made


def test_the_setting_is_refused_and_the_connection_lives_on(life):
    """The refusal says where a new consent begins; bookings go on being written to the own calendar."""
    with pytest.raises(Rejected) as raised:
        life.set(exports={"dedicated": True})
    life.book(at(9))
    life.drain()

    assert raised.value.reason == "scope_missing"
    assert "POST /connections" in raised.value.detail
    assert life.connection.status is Status.ACTIVE
    assert not life.connection.settings.exports.dedicated
    assert len(life.own_events()) == 1


def test_after_a_new_consent_the_setting_is_taken(life):
    """The person comes back from Google with that box ticked."""
    finish(life, begin(life, connection=life.connection_id).url)
    life.set(exports={"dedicated": True})
    life.drain()

    assert life.connection.settings.exports.dedicated


def test_microsoft_has_no_permission_of_its_own_for_it():
    """Whoever may write events may make a calendar."""
    world = MICROSOFT.world()
    authorizer = world.ports.providers[MICROSOFT.provider].authorizer

    assert authorizer.can_make_calendars(world.connection.scopes)
