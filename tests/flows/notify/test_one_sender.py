"""Who tells the customer, for each state of their event: all mails are counted, the provider's and ours."""

from __future__ import annotations

import pytest

from common.domain.notify import NoticeKind, Sender
from common.domain.shared.outbox import OutboxKind
from common.domain.shared.task_records import AdvanceSync, NotifyCustomer
from common.flows.connect.disconnect import start_disconnect
from common.flows.connect.settings import change_settings
from common.flows.notify.customer import notify_customer
from common.flows.sync.initial_sync import advance_sync
from tests.flows.setups.booking_setup import CUSTOMER, booked
from tests.flows.setups.export_setup import notices
from tests.flows.setups.notify_setup import BOOKED, CANCELLED, MOVED, cancel, move
from tests.flows.setups.two_providers_setup import GOOGLE, MICROSOFT, OneCalendar

ZOE, COLLEAGUE = CUSTOMER.email, "colleague@example.com"


@pytest.fixture(params=[GOOGLE, MICROSOFT], ids=str)
def one(request):
    return OneCalendar(request.param)


def booked_and_invited(one):
    """A booking whose customer was invited to its event, which nobody counts any more."""
    booking = one.book()
    assert one.mails_to(ZOE) == ["invitation"]
    return booking


def changed(one, booking, *, how):
    """What the customer hears of a change by staff, once everything is settled."""
    cancel(one, booking) if how == "cancelled" else move(one, booking, "11:00")
    one.drain()
    one.advance(hours=2)
    one.maintain()
    one.advance(hours=2)
    return one.mails_to(ZOE)


@pytest.mark.pitfall(21)
@pytest.mark.parametrize("number", [1, 5])
def test_bookings_made_while_a_run_is_at_work_are_told_once(one, number):
    """Pitfall 21: the run that follows other settings mails nobody, and leaves them to their own exports."""
    change_settings(
        one.ports, tenant="t1", connection=one.connection.id, settings={"exports": {"title": "New"}}
    )
    clocks = ["09:00", "10:00", "11:00", "13:00", "14:00"][:number]
    for clock in clocks:
        booked(one, clock)
    while (run := one.connection.run).running:
        advance_sync(one.ports, AdvanceSync("t1", one.connection.id, run.id, run.seq))
    during = one.mails_to(ZOE)
    one.drain()
    one.advance(hours=1)

    assert during == []
    assert one.mails_to(ZOE) == ["invitation"] * number
    assert len(one.events()) == number


@pytest.mark.pitfall(21)
@pytest.mark.parametrize("heard", [True, False], ids=["heard", "unheard"])
@pytest.mark.parametrize(("how", "mail"), [("moved", MOVED), ("cancelled", CANCELLED)])
@pytest.mark.parametrize("attendee", [True, False])
def test_a_guest_whom_the_owner_took_off_is_told_by_slotbridge(one, attendee, how, mail, heard):
    """Pitfall 21: the provider has nobody to mail, whether that was heard before the change or not."""
    booking = booked_and_invited(one)
    one.choose(attendee=attendee, notify=attendee)
    one.invite()
    one.mails_to(ZOE)
    if heard:
        one.drain()
    else:
        one.google.push.drop()
        one.microsoft.push.drop()

    assert changed(one, booking, how=how) == [mail]
    assert len(one.events()) == (1 if how == "moved" else 0)


@pytest.mark.pitfall(21)
@pytest.mark.parametrize("how", ["moved", "cancelled"])
def test_a_guest_whom_the_owner_invited_again_is_told_by_the_provider(one, how):
    """Pitfall 21: whoever is a guest when the change is written is mailed by the provider alone."""
    booking = booked_and_invited(one)
    for guests in ([], [ZOE]):
        one.invite(*guests)
        one.drain()
    one.mails_to(ZOE)

    assert changed(one, booking, how=how) == ["update" if how == "moved" else "cancellation"]


@pytest.mark.pitfall(21)
@pytest.mark.parametrize("how", ["moved", "cancelled"])
@pytest.mark.parametrize(
    "exports", [{"attendee": False, "notify": False}, {"notify": False}], ids=["no guest", "no mails"]
)
def test_other_settings_never_make_two_senders(one, exports, how):
    """Pitfall 21: Exchange mails its guest whatever the settings are by now, Google does not."""
    booking = booked_and_invited(one)
    one.choose(**exports)
    one.advance(minutes=5)
    meanwhile = one.mails_to(ZOE)

    by_exchange = "update" if how == "moved" else "cancellation"
    ours = MOVED if how == "moved" else CANCELLED
    assert meanwhile == []
    assert changed(one, booking, how=how) == [by_exchange if one.connection.provider is MICROSOFT else ours]


@pytest.mark.pitfall(21)
@pytest.mark.parametrize("how", ["moved", "cancelled"])
@pytest.mark.parametrize("guest", [True, False])
def test_exports_that_are_off_tell_once(one, guest, how):
    """Pitfall 21: a removed event mails its guest, one that is left as it is does not."""
    if not guest:
        one.choose(attendee=False, notify=False)
    booking = one.book()
    one.choose(on=False)
    one.mails_to(ZOE)
    heard = changed(one, booking, how=how)

    assert heard == [{"moved": MOVED, "cancelled": "cancellation" if guest else CANCELLED}[how]]


@pytest.mark.parametrize("invited", [True, False])
@pytest.mark.parametrize("heard", [True, False], ids=["heard", "unheard"])
def test_an_event_with_the_owners_guest_goes_with_its_booking(one, invited, heard):
    """A colleague whom the owner invited keeps no event of a cancelled booking; the customer hears once."""
    if not invited:
        one.choose(attendee=False, notify=False)
    booking = one.book()
    one.mails_to(ZOE)
    one.invite(*([ZOE] if invited else []), COLLEAGUE)
    if heard:
        one.drain()
    one.mails_to(ZOE)
    heard_of = changed(one, booking, how="cancelled")

    assert one.events() == []
    assert heard_of == ["cancellation" if invited else CANCELLED]
    assert NoticeKind.EXPORT_STOPPED not in notices(one)


def test_an_owners_guest_stays_a_guest_through_the_customers_move(one):
    """Guests whom the owner chose are left alone: nobody is added, and nobody is taken off."""
    booking = booked_and_invited(one)
    one.invite(ZOE, COLLEAGUE)
    one.drain()
    one.choose(auto_accept=True)
    one.mails_to(ZOE)
    heard = changed(one, booking, how="moved")
    calendar, name = one.own_event(one.connection)
    guests = [
        guest.get("email") or guest["emailAddress"]["address"]
        for guest in one.owner.event(calendar, name)["attendees"]
    ]

    assert heard == ["update"]
    assert sorted(guests) == sorted([ZOE, COLLEAGUE])


def test_the_owners_guest_keeps_the_event_in_its_calendar():
    """Exchange would mail them that it is off: the event stays where it is, and there is one of it."""
    one = OneCalendar(MICROSOFT)
    one.choose(attendee=False, notify=False)
    account = one.connection.account
    team = one.microsoft.admin.add_calendar(account, "Team")
    one.connect(account, provider=MICROSOFT)
    booking = one.book()
    one.invite(COLLEAGUE)
    one.mails_to(COLLEAGUE)
    target = next(key for key, entry in one.connection.calendars.items() if entry.provider_id == team)
    one.choose(target=target)
    one.advance(minutes=10)

    assert one.mails_to(COLLEAGUE) == []
    assert one.microsoft.inspect.events(team) == []
    assert changed(one, booking, how="moved") == [MOVED]


@pytest.mark.pitfall(21)
def test_a_provider_that_cannot_be_reached_any_more_is_replaced(one):
    """Pitfall 21: it was to mail, then the grant died; Slotbridge does, and the late export adds nothing."""
    booking = one.book()
    one.mails_to(ZOE)
    one.clock.wait(7_200)
    one.side(one.connection).admin.revoke_grant(one.connection.account)
    cancel(one, booking)
    one.drain()
    one.advance(minutes=5)

    assert one.mails_to(ZOE) == [CANCELLED]


@pytest.mark.pitfall(21)
def test_a_connection_that_ends_before_its_export_is_replaced(one):
    """Pitfall 21: its provider was to mail the cancellation, and is not asked to any more."""
    booking = cancel(one, booked_and_invited(one))
    news = f"t1.{booking.id}.news.{booking.revision}"
    told = notify_customer(
        one.ports, NotifyCustomer(OutboxKind.CANCELLED, "t1", booking.id, booking.revision, news)
    )
    start_disconnect(one.ports, tenant="t1", connection=one.connection.id)
    one.drain()

    assert told is Sender.PROVIDER
    assert one.mails_to(ZOE) == [CANCELLED]


@pytest.mark.pitfall(21)
def test_a_calendar_that_refuses_writes_keeps_no_customer_waiting(one):
    """Pitfall 21: Slotbridge mails within minutes, and the event that is written later adds no mail."""
    google = one.connection.provider is GOOGLE
    one.side(one.connection).inspect.add_fault(
        "status",
        method="events.insert" if google else "events.create",
        status=403,
        reason="forbidden" if google else "ErrorAccessDenied",
        times=6,
    )
    one.book()
    for _ in range(6):
        one.maintain()
        one.advance(minutes=5)
    meanwhile = (one.events(), one.mails_to(ZOE))
    for _ in range(30):
        one.maintain()
        one.advance(hours=1)

    assert meanwhile == ([], [BOOKED])
    assert (len(one.events()), one.mails_to(ZOE)) == (1, [])
