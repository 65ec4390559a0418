"""Dead letters over HTTP: replayed ones stay until their work is done, and say why it failed again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from common.domain.booking.booking import Customer
from common.domain.notify import LastNotified, Sender, booking_key, notified_state
from common.errors import Forbidden, OperatorFault, ProviderUnavailable, SyncError
from common.flows.booking.book import book
from tests.api.catalogue.test_deletions import START
from tests.api.conftest import Answer, Http

ADDRESS = "zoe@example.net"


def booked(http: Http) -> str:
    """A booking whose confirmation the mail service refused for good; its id."""
    http.world.postbox.refused[ADDRESS] = Forbidden("no", code="mail_rejected")
    made = book(
        http.world.ports,
        tenant="t1",
        service="cut",
        resource="anna",
        start=START,
        customer=Customer("Zoe", ADDRESS),
    )
    http.world.drain()
    return made.booking.id


def letters(http: Http) -> Any:
    return http("GET", "/tenant/dead_letters").body["dead_letters"]


def replayed(http: Http) -> Answer:
    """Replay the one dead letter."""
    (letter,) = letters(http)
    return http("POST", f"/tenant/dead_letters/{letter['id']}/replay")


def logged(http: Http, event: str) -> list[dict[str, Any]]:
    """The log lines of one event."""
    lines = map(json.loads, http.world.log.lines)
    return [line for line in lines if line["event"] == event]


def test_a_replay_sends_the_mail_and_then_the_letter_goes(http: Http) -> None:
    """The answer shows the letter that is being tried; it is there until the mail service took the mail."""
    booked(http)
    before = letters(http)
    http.world.postbox.refused.clear()
    answer = replayed(http)
    meanwhile = letters(http)
    unsent = logged(http, "mail_sent")
    http.world.drain()

    assert [item["replayed_at"] for item in before] == [None]
    assert (answer.status, answer.body["replayed_at"] is not None) == (202, True)
    assert meanwhile == [answer.body]
    assert (unsent, len(logged(http, "mail_sent"))) == ([], 1)
    assert [mail.to for mail in http.world.postbox.mails] == [(ADDRESS,)]
    assert (letters(http), http.world.ports.ledger.outbox_due(START + timedelta(days=9999), 9)) == ([], ())


def test_a_replay_that_fails_again_says_why(http: Http) -> None:
    """The letter stays under its id, with the new reason; nothing is logged as sent."""
    booked(http)
    (before,) = letters(http)
    http.world.postbox.refused[ADDRESS] = Forbidden("no", code="address_blocked")
    http.world.clock.advance_to(http.world.clock.now() + timedelta(hours=1))
    replayed(http)
    http.world.drain()
    (after,) = letters(http)

    assert (before["id"], before["code"]) == (after["id"], "mail_rejected")
    assert (after["code"], after["replayed_at"]) == ("address_blocked", None)
    assert after["died_at"] > before["died_at"]
    assert (http.world.postbox.mails, logged(http, "mail_sent")) == ([], [])


@pytest.mark.parametrize("error", [ProviderUnavailable("busy"), OperatorFault("no", code="mail_refused")])
def test_a_replay_that_has_to_wait_keeps_its_letter(http: Http, error: SyncError) -> None:
    """Until the mail service works again, however long; then the mail is sent once and the letter goes."""
    booked(http)
    http.world.postbox.refused[ADDRESS] = error
    replayed(http)
    http.world.drain()
    waiting = len(letters(http))
    http.world.postbox.refused.clear()
    for _ in range(8):
        http.world.advance(minutes=20)
        http.world.maintain()
        http.world.drain()

    assert (waiting, letters(http)) == (1, [])
    assert [mail.to for mail in http.world.postbox.mails] == [(ADDRESS,)]


def test_a_replay_days_later_is_tried_as_long_as_a_new_mail(http: Http) -> None:
    """It is not given up at the first busy answer because it is old."""
    booked(http)
    http.world.clock.advance_to(START - timedelta(hours=1))
    http.world.postbox.refused[ADDRESS] = ProviderUnavailable("busy")
    replayed(http)
    http.world.drain()
    http.world.postbox.refused.clear()
    http.world.advance(minutes=20)

    assert [mail.to for mail in http.world.postbox.mails] == [(ADDRESS,)]
    assert letters(http) == []


def test_a_mail_that_was_given_up_is_not_tried_by_itself(http: Http) -> None:
    """It rests until a person replays it; the next change of the booking is mailed all the same."""
    name = booked(http)
    http.world.postbox.refused.clear()
    for _ in range(3):
        http.world.advance(minutes=10)
        http.world.maintain()
        http.world.drain()
    first = len(http.world.postbox.mails)
    http("DELETE", f"/bookings/{name}")
    http.world.drain()

    assert first == 0
    assert [mail.subject for mail in http.world.postbox.mails] == [
        "Your appointment with Salon was cancelled"
    ]


def test_a_letter_of_an_older_release_is_replayed(http: Http) -> None:
    """Up to 0.2.0 a mail that was given up was stored as sent, and its outbox entry removed."""
    name = booked(http)
    (letter,) = letters(http)
    ports = http.world.ports
    booking = ports.bookings.get("t1", name)
    now, key = http.world.clock.now(), booking_key(name)
    state, kept = notified_state(booking), now + timedelta(days=400)
    ports.notifications.save(LastNotified("t1", key, state, Sender.SLOTBRIDGE, now, kept))
    ports.ledger.done(letter["payload"]["entry"])
    http.world.postbox.refused.clear()
    replayed(http)
    http.world.drain()

    assert [mail.to for mail in http.world.postbox.mails] == [(ADDRESS,)]
    assert letters(http) == []


def test_a_refused_invitation_is_not_shown_as_sent_and_can_be_replayed(http: Http) -> None:
    """Its link works once it has arrived."""
    http.world.postbox.refused["anna@example.com"] = Forbidden("no", code="mail_rejected")
    body = {"resource": "anna", "return_to": "https://console.example/connected"}
    http("POST", "/invitations", json=body)
    http.world.drain()
    (unsent,) = http("GET", "/invitations").body["invitations"]
    http.world.postbox.refused.clear()
    replayed(http)
    http.world.drain()
    (sent,) = http("GET", "/invitations").body["invitations"]
    (mail,) = http.world.postbox.mails

    assert (unsent["sent_at"], sent["sent_at"] is not None) == (None, True)
    assert "https://shop.example/invitation#t1/" in mail.text
    assert letters(http) == []
