"""A consent that is not kept is given back, unless a connection rests on the same account's consent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.connection import Status
from common.domain.connect.consent import ConsentOutcome
from tests.flows.setups.connect_setup import OTHER, begin, finish
from tests.flows.setups.connection_stages_setup import Life
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT

LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
# What goes wrong with the second consent of the same account: how it is begun, and what is ticked.
UNKEPT = {
    "wrong_account": ({"expected_account": OTHER}, {"decision": "allow_all"}),
    "scope_missing": ({}, {"decision": "allow", "ticked": [LIST]}),
}


def works(life):
    """Whether the connection's grant still opens the calendar."""
    life.google.admin.expire_access_tokens()
    life.enter(at(9))
    life.request_sync()
    life.drain()
    return life.connection.status is Status.ACTIVE


@pytest.mark.parametrize("case", UNKEPT, ids=str)
def test_a_second_consent_for_the_same_resource_ends_no_living_connection(case):
    """The connection that it would have made has the living one's id; it is asked for all the same."""
    started, decided = UNKEPT[case]
    life = Life()
    life.synchronise()
    outcome = finish(life, begin(life, **started).url, **decided)

    assert outcome.outcome.value == case
    assert works(life)


@pytest.mark.parametrize("case", UNKEPT, ids=str)
def test_a_consent_for_another_resource_ends_no_living_connection(case):
    """One account serves several resources, with one consent at Google."""
    started, decided = UNKEPT[case]
    life = Life()
    life.synchronise()
    anna = life.ports.catalogue.resource(life.tenant, "anna")
    life.ports.catalogue.save_resource(life.tenant, replace(anna, id="room", version=None))
    outcome = finish(life, begin(life, resource="room", **started).url, **decided)

    assert outcome.outcome.value == case
    assert works(life)


def test_a_consent_of_an_account_that_nobody_knows_is_given_back():
    """Nothing rests on it, so nothing of it stays at Google."""
    life = Life(connect=False)
    life.account(OTHER)
    outcome = finish(life, begin(life, expected_account=ACCOUNT).url, account=OTHER)

    assert outcome.outcome is ConsentOutcome.WRONG_ACCOUNT
    assert life.google.inspect.grants() == []
