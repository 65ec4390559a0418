"""Mails to owners about calendars that cannot be read or must be connected again."""

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
    """A synchronised calendar of either provider whose owner gets mails."""
    made = request.param()
    policy(made, customers=False, owner=OWNER)
    return made


def set_grace_period(world, minutes):
    """Set the tenant's grace period before an outage is mailed, in minutes."""
    tenant = world.ports.catalogue.tenant("t1")
    grace = timedelta(minutes=minutes) if minutes else None
    world.ports.catalogue.save_tenant(replace(tenant, unreachable=UnreachablePolicy(grace)))


def fail(world):
    """From now on the provider answers every request with 503."""
    for simulator in (world.google, world.microsoft):
        simulator.add_fault("status", status=503, times=0)


def recover(world):
    """The provider works again."""
    for simulator in (world.google, world.microsoft):
        simulator.inspect.clear_faults()


def revoke(world):
    """The account withdraws its consent."""
    world.google.admin.revoke_grant(ACCOUNT)
    world.microsoft.admin.revoke_grant(OUTLOOK)


def run_scheduler(world, *, minutes, every=1):
    """Let the minutes pass while the scheduler fires after every ``every`` of them."""
    for _ in range(0, minutes, every):
        world.engine.run_until(world.clock.now() + timedelta(minutes=every))
        maintain(world.ports, Maintain())
        world.drain(within=timedelta(seconds=1))


def mails(world):
    """The subjects of the owner's mails."""
    return [mail.subject for mail in world.postbox.to(OWNER)]


@pytest.mark.pitfall(2)
def test_an_outage_is_mailed_once_after_the_grace_period(world):
    """Pitfall 2: no mail within the grace period, and one after it, however long the outage lasts."""
    set_grace_period(world, 15)
    fail(world)
    world.request_sync()
    run_scheduler(world, minutes=13)
    within = mails(world)
    run_scheduler(world, minutes=5)
    after = mails(world)
    run_scheduler(world, minutes=120, every=20)

    assert ([], [UNREACHABLE]) == (within, after)
    assert [UNREACHABLE] == mails(world)
    assert world.connection.status is Status.ACTIVE


@pytest.mark.pitfall(2)
def test_a_short_outage_is_not_mailed(world):
    """Pitfall 2: also without a grace period, an outage of less than five minutes sends no mail."""
    set_grace_period(world, None)
    fail(world)
    world.request_sync()
    run_scheduler(world, minutes=3)
    recover(world)
    run_scheduler(world, minutes=60, every=10)

    assert [] == mails(world)
    assert world.sync_state().failing_since is None


@pytest.mark.pitfall(2)
def test_each_outage_is_mailed(world):
    """Pitfall 2: one mail and one webhook for each outage."""
    set_grace_period(world, None)
    add_webhook(world.ports, tenant="t1", url=HOOK, events=(WebhookEvent.CONNECTION_UNREACHABLE,))
    for _ in range(2):
        fail(world)
        world.request_sync()
        run_scheduler(world, minutes=10)
        recover(world)
        run_scheduler(world, minutes=20, every=10)

    assert [UNREACHABLE, UNREACHABLE] == mails(world)
    assert ["connection.unreachable"] * 2 == world.targets.types()


@pytest.mark.pitfall(2)
def test_an_outage_of_all_calendars_is_one_mail():
    """Pitfall 2: one mail for the connection, not one for each of its calendars."""
    world = Synced(calendars=("work", "family"))
    policy(world, customers=False, owner=OWNER)
    fail(world)
    for key in world.connection.calendars:
        world.request_sync(key)
    run_scheduler(world, minutes=30, every=3)

    assert [UNREACHABLE] == mails(world)


@pytest.mark.pitfall(2)
@pytest.mark.pitfall(19)
def test_a_revoked_connection_is_mailed_once_a_day(world):
    """Pitfalls 2, 19: one mail at once, then one reminder a day until the account is connected again."""
    revoke(world)
    world.request_sync()
    run_scheduler(world, minutes=5)
    run_scheduler(world, minutes=3 * 24 * 60 + 180, every=180)
    run_scheduler(world, minutes=10)
    reminded = mails(world)
    provider = world.connection.provider
    world.connect(OUTLOOK if provider is ProviderKind.MICROSOFT else ACCOUNT, provider=provider)
    run_scheduler(world, minutes=2 * 24 * 60, every=360)

    assert [REAUTH, *[REMINDER] * 3] == reminded == mails(world)


@pytest.mark.pitfall(2)
def test_reminders_can_be_switched_off_and_on():
    """Pitfall 2: the first mail is always sent; the reminders are the tenant's choice."""
    world = Synced()
    policy(world, customers=False, owner=OWNER, reminders=False)
    revoke(world)
    world.request_sync()
    run_scheduler(world, minutes=2 * 24 * 60 + 120, every=120)
    silent = mails(world)
    policy(world, customers=False, owner=OWNER, reminders=True)
    run_scheduler(world, minutes=24 * 60, every=120)
    run_scheduler(world, minutes=5)

    assert [REAUTH] == silent
    assert [REAUTH, REMINDER] == mails(world)


def test_outages_are_mailed_in_the_tenants_language():
    """German where the tenant chose it, to the account of the calendar."""
    world = Synced()
    tenant = world.ports.catalogue.tenant("t1")
    world.ports.catalogue.save_tenant(replace(tenant, mail=MailPolicy(language=Language.GERMAN)))
    fail(world)
    world.request_sync()
    run_scheduler(world, minutes=10)
    (mail,) = world.postbox.mails

    assert ((ACCOUNT,), "Der Kalender von Anna ist nicht lesbar") == (mail.to, mail.subject)
