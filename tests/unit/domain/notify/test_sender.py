"""Who tells the customer of a change: one row for each state of their event, at both providers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.domain.booking.booking import Booking, BookingStatus, Customer, Source
from common.domain.calendar.connection import Connection, Phase, ProviderKind, Status, SyncRun
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Service
from common.domain.connect.settings import ExportSettings, Settings
from common.domain.notify import (
    GuestEvent,
    ProviderMail,
    Sender,
    customer_sender,
    mailing_event,
    provider_mail,
)

NINE = datetime(2027, 3, 22, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPAN = Interval(NINE, NINE + HOUR)
CUT = Service("cut", "Cut", HOUR, 0 * HOUR, 0 * HOUR, HOUR, 0 * HOUR, 24 * HOUR, ("anna",))
ZOE = Customer("Zoe", "zoe@example.net")
BOOKING = Booking("b", "t", "anna", "cut", SPAN, SPAN, BookingStatus.CONFIRMED, ZOE, NINE, NINE)
CANCELLED = replace(BOOKING, status=BookingStatus.CANCELLED)
EDITED = replace(BOOKING, source=Source.EXTERNAL)
GOOGLE, MICROSOFT = ProviderKind.GOOGLE, ProviderKind.MICROSOFT
SURELY, IF_ASKED, NEVER = ProviderMail.SURELY, ProviderMail.IF_ASKED, ProviderMail.NEVER
INVITING = {"attendee": True, "notify": True}


def event(provider: ProviderKind, /, **values: Any) -> GuestEvent:
    """An event of a synchronised connection with these export settings, which is about to be written."""
    exports = ExportSettings(
        **{name: values.pop(name) for name in ("on", "attendee", "notify") if name in values}
    )
    flags = {name: values.pop(name) for name in ("guest", "invitable", "due", "told") if name in values}
    run = SyncRun("run", Phase.DONE, 1, (), NINE)
    fields = {"id": "c", "status": Status.ACTIVE, "run": run, "created_at": NINE, **values}
    found = Connection(
        tenant="t",
        resource="anna",
        provider=provider,
        account="anna@example.com",
        settings=Settings(exports=exports),
        **fields,
    )
    return GuestEvent(found, **{"due": True, **flags})


@pytest.mark.parametrize(
    ("booking", "state", "google", "microsoft"),
    [
        (BOOKING, {"invitable": True}, NEVER, NEVER),
        (BOOKING, {"invitable": True, "attendee": True}, NEVER, NEVER),
        (BOOKING, {"invitable": True, **INVITING}, IF_ASKED, IF_ASKED),
        (BOOKING, {"invitable": True, **INVITING, "due": False}, NEVER, NEVER),
        (BOOKING, {"invitable": False, **INVITING}, NEVER, NEVER),
        (BOOKING, {"guest": True, **INVITING}, IF_ASKED, SURELY),
        (BOOKING, {"guest": True, **INVITING, "due": False}, NEVER, NEVER),
        (BOOKING, {"guest": True, **INVITING, "due": False, "told": True}, SURELY, SURELY),
        (BOOKING, {"guest": True, "attendee": True}, NEVER, SURELY),
        (BOOKING, {"guest": True}, NEVER, SURELY),
        (BOOKING, {"guest": True, **INVITING, "on": False}, NEVER, NEVER),
        (BOOKING, {"guest": True, **INVITING, "run": None}, NEVER, NEVER),
        (BOOKING, {"guest": True, **INVITING, "status": Status.REAUTH_REQUIRED}, NEVER, NEVER),
        (CANCELLED, {"guest": True, **INVITING}, IF_ASKED, SURELY),
        (CANCELLED, {"guest": True, **INVITING, "on": False}, IF_ASKED, SURELY),
        (CANCELLED, {"guest": True}, NEVER, SURELY),
        (CANCELLED, {"guest": True, "on": False}, NEVER, SURELY),
        (CANCELLED, {"invitable": True, **INVITING}, NEVER, NEVER),
        (EDITED, {"guest": True, "attendee": True, "due": False}, SURELY, SURELY),
        (EDITED, {"guest": True, "due": False}, SURELY, SURELY),
        (EDITED, {"invitable": True, **INVITING, "due": False}, NEVER, NEVER),
    ],
)
@pytest.mark.pitfall(21)
def test_the_event_decides_what_its_provider_mails(
    booking: Booking, state: dict[str, Any], google: ProviderMail, microsoft: ProviderMail
) -> None:
    """Who is a guest now, who writes, and what the provider does by itself on that write."""
    found = [provider_mail(event(provider, **state), booking) for provider in (GOOGLE, MICROSOFT)]

    assert found == [google, microsoft]
    for mail, provider in zip(found, (GOOGLE, MICROSOFT), strict=True):
        by = customer_sender(booking, CUT, [event(provider, **state)], wanted=True)
        assert by is (Sender.SLOTBRIDGE if mail is NEVER else Sender.PROVIDER)


@pytest.mark.parametrize(
    ("booking", "events", "expected"),
    [
        (BOOKING, [event(GOOGLE, id="g", guest=True, **INVITING), event(MICROSOFT, id="m", guest=True)], "m"),
        (
            BOOKING,
            [
                event(MICROSOFT, id="m", invitable=True, **INVITING),
                event(GOOGLE, id="g", created_at=NINE + HOUR, invitable=True, **INVITING),
            ],
            "g",
        ),
        (
            BOOKING,
            [
                event(GOOGLE, id="young", created_at=NINE + HOUR, guest=True, **INVITING),
                event(GOOGLE, id="old", guest=True, **INVITING),
            ],
            "old",
        ),
        (
            replace(EDITED, edited_in="g"),
            [event(GOOGLE, id="g", guest=True, due=False), event(MICROSOFT, id="m", guest=True)],
            "g",
        ),
        (BOOKING, [event(GOOGLE, guest=True), event(MICROSOFT)], None),
    ],
)
def test_of_several_events_one_mails(
    booking: Booking, events: list[GuestEvent], expected: str | None
) -> None:
    """First what mails whatever is asked, then Google's, then the oldest."""
    found = mailing_event(booking, events)

    assert (found.connection.id if found else None) == expected


def test_slotbridge_mails_only_where_it_may() -> None:
    """Not where the tenant wants no mails, and not to somebody without an address."""
    nobody = replace(BOOKING, customer=Customer("Zoe"))

    assert customer_sender(BOOKING, CUT, [event(GOOGLE)], wanted=False) is Sender.NOBODY
    assert (
        customer_sender(nobody, CUT, [event(GOOGLE, invitable=True, **INVITING)], wanted=True)
        is Sender.NOBODY
    )


def test_slotbridge_notifies_the_participants_of_a_group() -> None:
    """A group has no guests at the provider."""
    inviting = [event(GOOGLE, invitable=True, **INVITING)]

    assert customer_sender(BOOKING, replace(CUT, capacity=5), inviting, wanted=True) is Sender.SLOTBRIDGE
