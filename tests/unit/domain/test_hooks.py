"""Webhooks' signatures, their timetable, and which addresses are public."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.hooks import (
    MOST_SECRETS,
    SCHEDULE,
    HookEvent,
    headers,
    message,
    message_id,
    new_secret,
    next_try,
    public,
    rotated,
)

NOW = datetime(2027, 3, 22, 9, 0, tzinfo=UTC)


def test_the_signature_is_the_standards_own() -> None:
    """The example of the standard's reference libraries: id, time, body and secret give this signature."""
    signed = headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        '{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        now=datetime.fromtimestamp(1614265330, UTC),
    )

    assert signed["webhook-timestamp"] == "1614265330"
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_secret_signs() -> None:
    """One header, a signature for each, in their order."""
    secrets = [new_secret("a"), new_secret("b")]
    both = headers("m", "{}", secrets=secrets, now=NOW)["webhook-signature"].split(" ")
    alone = [headers("m", "{}", secrets=[secret], now=NOW)["webhook-signature"] for secret in secrets]

    assert both == alone
    assert len(set(both)) == 2


def test_the_newest_secrets_stay() -> None:
    """Three at most, newest first."""
    secrets: tuple[str, ...] = ()
    for name in "abcde":
        secrets = rotated(secrets, name)

    assert secrets == ("e", "d", "c")
    assert len(secrets) == MOST_SECRETS


def test_tries_end_after_three_days() -> None:
    """Ten pauses that grow; what the target asks for counts where it is longer, up to the longest pause."""
    assert sum(SCHEDULE, timedelta()) >= timedelta(days=3)
    assert list(SCHEDULE) == sorted(SCHEDULE)
    assert next_try(1, now=NOW) == NOW + SCHEDULE[0]
    assert next_try(1, now=NOW, asked=60) == NOW + timedelta(seconds=60)
    assert next_try(2, now=NOW, asked=1) == NOW + SCHEDULE[1]
    assert next_try(1, now=NOW, asked=1e9) == NOW + SCHEDULE[-1]
    assert next_try(len(SCHEDULE), now=NOW) is not None
    assert next_try(len(SCHEDULE) + 1, now=NOW) is None


def test_the_same_cause_is_the_same_message() -> None:
    """A repeat of the work behind it makes no second one."""
    assert message_id("t", "cause", "h") == message_id("t", "cause", "h") != message_id("t", "cause", "k")
    assert message(HookEvent.BOOKING_CREATED, at=NOW, data={"b": 1, "a": None}) == (
        '{"data":{"a":null,"b":1},"timestamp":"2027-03-22T09:00:00+00:00","type":"booking.created"}'
    )


@given(st.ip_addresses())
def test_what_is_wrapped_is_judged_by_its_inside(address: ipaddress.IPv4Address) -> None:
    """An IPv4 address inside an IPv6 one is as public as it is by itself."""
    if isinstance(address, ipaddress.IPv6Address):
        return
    wrapped = [f"::ffff:{address}", str(ipaddress.IPv6Address((0x64FF9B << 96) | int(address)))]

    assert {public(text) for text in wrapped} == {public(str(address))}


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_public_internet_is_reached(address: str) -> None:
    """Of either kind."""
    assert public(address)


@pytest.mark.parametrize("text", ["shop.example", "", "1", "1.2.3", "fe80::1%eth0"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    """Names are looked up first; a scoped address belongs to a link."""
    assert not public(text)
