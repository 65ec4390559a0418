"""Owners are told of calendars that cannot be read, and reminded of those that must be connected again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import ProviderKind, Status
from common.domain.catalogue.records import Language, MailPolicy, UnreachablePolicy
from common.domain.shared.task_records import Maintain
from common.domain.webhooks import WebhookEvent
from common.flows.ops.maintain import maintain
from common.flows.webhooks.endpoints import add_webhook
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.notify_setup import HOOK, OWNER, policy
from tests.flows.setups.sync_setup import Synced
from tests.world import ACCOUNT, OUTLOOK

REAUTH = "The calendar of Anna must be connected again"
REMINDER = f"Reminder: {REAUTH[0].lower()}{REAUTH[1:]}"
UNREACHABLE = "The calendar of Anna cannot be read"


@pytest.fixture(params=[Synced, Outlook], ids=["google", "microsoft"])
def world(request):
    """A synchronised calendar of either provider, and an owner who reads mails."""
    made = request.param()
    policy(made, customers=False, owner=OWNER)
    return made


def graceful(world, minutes):
    tenant = world.ports.catalogue.tenant("t1")
    grace = timedelta(minutes=minutes) if minutes else None
    world.ports.catalogue.save_tenant(replace(tenant, unreachable=UnreachablePolicy(grace)))


def fail(world):
    """From now on the provider answers 503 to everything about this account's calendars."""
    for simulator in (world.google, world.microsoft):
        simulator.add_fault("status", status=503, times=0)


def recover(world):
    for simulator in (world.google, world.microsoft):
        simulator.inspect.clear_faults()


def revoke(world):
    world.google.admin.revoke_grant(ACCOUNT)
    world.microsoft.admin.revoke_grant(OUTLOOK)


def pass_by(world, *, minutes, every=1):
    """Let time pass with the scheduler firing now and then."""
    for _ in range(0, minutes, every):
        world.engine.run_until(world.clock.now() + timedelta(minutes=every))
        maintain(world.ports, Maintain())
        world.drain(within=timedelta(seconds=1))


def mails(world):
    return [mail.subject for mail in world.postbox.mails]


@pytest.mark.pitfall(2)
def test_an_outage_is_told_once_when_the_grace_is_over(world):
    """Pitfall 2: nobody is woken within the grace; one mail after it, however long it lasts."""
    graceful(world, 15)
    fail(world)
    world.request_sync()
    pass_by(world, minutes=13)
    within = mails(world)
    pass_by(world, minutes=5)
    after = mails(world)
    pass_by(world, minutes=120, every=20)

    assert ([], [UNREACHABLE]) == (within, after)
    assert [UNREACHABLE] == mails(world)
    assert world.connection.status is Status.ACTIVE


@pytest.mark.pitfall(2)
def test_an_outage_of_minutes_is_no_news(world):
    """Pitfall 2: also without a grace, what works again within five minutes wakes nobody."""
    graceful(world, None)
    fail(world)
    world.request_sync()
    pass_by(world, minutes=3)
    recover(world)
    pass_by(world, minutes=60, every=10)

    assert [] == mails(world)
    assert world.sync_state().failing_since is None


@pytest.mark.pitfall(2)
def test_the_next_outage_is_told_again(world):
    """Pitfall 2: once for each outage; the tenant's systems hear of each as well."""
    graceful(world, None)
    add_webhook(world.ports, tenant="t1", url=HOOK, events=(WebhookEvent.CONNECTION_UNREACHABLE,))
    for _ in range(2):
        fail(world)
        world.request_sync()
        pass_by(world, minutes=10)
        recover(world)
        pass_by(world, minutes=20, every=10)

    assert [UNREACHABLE, UNREACHABLE] == mails(world)
    assert ["connection.unreachable"] * 2 == world.targets.types()


@pytest.mark.pitfall(2)
def test_all_calendars_that_fail_together_are_one_notice():
    """Pitfall 2: a provider that is down is one message for a connection, not one for each calendar."""
    world = Synced(calendars=("work", "family"))
    policy(world, customers=False, owner=OWNER)
    fail(world)
    for key in world.connection.calendars:
        world.request_sync(key)
    pass_by(world, minutes=30, every=3)

    assert [UNREACHABLE] == mails(world)


@pytest.mark.pitfall(2)
@pytest.mark.pitfall(19)
def test_a_dead_connection_is_recalled_once_a_day(world):
    """Pitfall 2, 19: told at once, then one reminder a day, until the account is connected again."""
    revoke(world)
    world.request_sync()
    pass_by(world, minutes=5)
    pass_by(world, minutes=3 * 24 * 60 + 180, every=180)
    pass_by(world, minutes=10)
    reminded = mails(world)
    provider = world.connection.provider
    world.connect(OUTLOOK if provider is ProviderKind.MICROSOFT else ACCOUNT, provider=provider)
    pass_by(world, minutes=2 * 24 * 60, every=360)

    assert [REAUTH, *[REMINDER] * 3] == reminded == mails(world)


@pytest.mark.pitfall(2)
def test_reminders_can_be_switched_off_and_on():
    """Pitfall 2: the first notice always comes; the reminders are the tenant's choice, at any time."""
    world = Synced()
    policy(world, customers=False, owner=OWNER, reminders=False)
    revoke(world)
    world.request_sync()
    pass_by(world, minutes=2 * 24 * 60 + 120, every=120)
    silent = mails(world)
    policy(world, customers=False, owner=OWNER, reminders=True)
    pass_by(world, minutes=24 * 60, every=120)
    pass_by(world, minutes=5)

    assert [REAUTH] == silent
    assert [REAUTH, REMINDER] == mails(world)


def test_each_is_written_in_the_tenants_language():
    """German where the tenant says so, and to whoever the calendar belongs to as well."""
    world = Synced()
    tenant = world.ports.catalogue.tenant("t1")
    world.ports.catalogue.save_tenant(replace(tenant, mail=MailPolicy(language=Language.GERMAN)))
    fail(world)
    world.request_sync()
    pass_by(world, minutes=10)
    (mail,) = world.postbox.mails

    assert ((ACCOUNT,), "Der Kalender von Anna ist nicht lesbar") == (mail.to, mail.subject)
