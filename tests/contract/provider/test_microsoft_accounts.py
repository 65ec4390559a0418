"""What Graph says of mailboxes, calendars and subscriptions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from common.errors import (
    AccountClosed,
    Forbidden,
    OperatorFault,
    SyncError,
)
from common.ports.provider import BusyRequest
from tests.contract.provider.microsoft_world import (
    ADA,
    BOB,
    CLIENT,
    SCOPES,
    MicrosoftWorld,
)
from tests.contract.provider.suite_setup import wish
from tests.contract.provider.world import NOW, WINDOW, read

DAY = timedelta(days=1)


@pytest.fixture
def world() -> Iterator[MicrosoftWorld]:
    made = MicrosoftWorld()
    yield made
    made.close()


@pytest.mark.parametrize("question", ["read", "list", "busy", "watch"])
def test_a_mailbox_that_graph_does_not_serve_says_so(world: MicrosoftWorld, question: str) -> None:
    """On-premises and inactive mailboxes are a state of their own, not a missing calendar."""
    world.simulator.admin.set_mailbox_error(ADA)
    ask = {
        "read": lambda: read(world),
        "list": lambda: world.provider.list_calendars(world.token, page=None),
        "busy": lambda: world.provider.busy(world.token, [BusyRequest(world.calendar)], WINDOW)[0],
        "watch": lambda: world.provider.watch(world.token, world.calendar, wish("c1")),
    }[question]

    try:
        refused = ask()
    except SyncError as error:
        refused = error

    assert type(refused) is AccountClosed
    assert refused.reason == "mailbox_unsupported"


def test_a_calendar_whose_name_is_taken_is_refused_for_good(world: MicrosoftWorld) -> None:
    """Trying again would not help: the owner is told instead."""
    world.provider.create_calendar(world.token, name="Bookings", zone="Europe/Zurich")

    with pytest.raises(Forbidden) as raised:
        world.provider.create_calendar(world.token, name="Bookings", zone="Europe/Zurich")

    assert raised.value.reason == "name_taken"


def test_the_default_calendar_cannot_be_removed(world: MicrosoftWorld) -> None:
    """A calendar that is not ours to remove stays, and that is said."""
    with pytest.raises(Forbidden):
        world.provider.delete_calendar(world.token, world.calendar)


def test_calendars_are_listed_with_what_may_be_done_in_them(world: MicrosoftWorld) -> None:
    """Own, read-only and shared calendars have their own roles; all pages are followed."""
    admin = world.simulator.admin
    admin.add_calendar(ADA, "Holidays", can_edit=False)
    admin.share(BOB, ADA, can_edit=True)
    for number in range(105):
        admin.add_calendar(ADA, f"Calendar {number}")

    first = world.provider.list_calendars(world.token, page=None)
    second = world.provider.list_calendars(world.token, page=first.page)

    entries = [*first.entries, *second.entries]
    roles = [entry.role.value for entry in entries]
    assert (len(entries), second.page) == (108, None)
    assert (roles.count("reader"), roles.count("writer_without_private"), roles.count("owner")) == (1, 1, 106)
    assert {entry.zone for entry in entries} == {None}


def test_a_shared_calendar_cannot_push(world: MicrosoftWorld) -> None:
    """Subscriptions reach no further than the own mailbox."""
    shared = world.simulator.admin.share(BOB, ADA, can_edit=True)

    with pytest.raises(Forbidden):
        world.provider.watch(world.token, replace(world.calendar, provider_id=shared), wish("c1"))


@pytest.mark.pitfall(8)
@pytest.mark.pitfall(9)
def test_a_subscription_says_where_to_report_what(world: MicrosoftWorld) -> None:
    """One calendar, all kinds of change, both kinds of message, our token, immutable ids (pitfalls 8, 9)."""
    channel = world.provider.watch(world.token, world.calendar, wish("c1"))

    (held,) = world.simulator.inspect.subscriptions()
    assert held["resource"].endswith("/events")
    assert held["calendar"] == world.id
    assert set(held["change_type"].split(",")) == {"created", "updated", "deleted"}
    assert held["notification_url"] == held["lifecycle_url"] == wish("c1").address
    assert held["immutable"]
    assert channel.expires_at == NOW + timedelta(minutes=10_000)


@pytest.mark.pitfall(8)
def test_a_life_is_prolonged_no_further_than_graph_allows(world: MicrosoftWorld) -> None:
    """The wish is cut to what Graph grants, and the end is the one that it answers (pitfall 8)."""
    channel = world.provider.watch(world.token, world.calendar, wish("c1"))
    world.clock.at = NOW + 5 * DAY
    token = world.simulator.admin.grant(ADA, CLIENT, SCOPES)["access_token"]

    longer = world.provider.renew(token, channel, now=world.clock.at, until=world.clock.at + 30 * DAY)

    assert longer == replace(channel, expires_at=world.clock.at + timedelta(minutes=10_000))


@pytest.mark.pitfall(8)
def test_a_webhook_that_does_not_answer_is_the_operators(world: MicrosoftWorld) -> None:
    """Graph refuses an address that does not prove itself; no user is to blame."""
    request = replace(wish("c1"), address="http://hooks.example.org/push")

    with pytest.raises(OperatorFault):
        world.provider.watch(world.token, world.calendar, request)
