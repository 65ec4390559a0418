"""Signatures, ids and retry schedule of webhooks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from common.domain.webhooks import (
    MOST_SECRETS,
    SCHEDULE,
    WebhookEvent,
    message_body,
    message_id,
    new_secret,
    next_try,
    signed_headers,
    with_new_secret,
)

NOW = datetime(2027, 3, 22, 9, 0, tzinfo=UTC)


def test_the_signature_follows_the_standard() -> None:
    """The example of the standard's reference libraries."""
    signed = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        '{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        now=datetime.fromtimestamp(1614265330, UTC),
    )

    assert signed["webhook-timestamp"] == "1614265330"
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_secret_signs() -> None:
    """One header with a signature for each secret, in their order."""
    secrets = [new_secret("a"), new_secret("b")]
    both = signed_headers("m", "{}", secrets=secrets, now=NOW)["webhook-signature"].split(" ")
    alone = [signed_headers("m", "{}", secrets=[secret], now=NOW)["webhook-signature"] for secret in secrets]

    assert both == alone
    assert len(set(both)) == 2


def test_the_three_newest_secrets_are_kept() -> None:
    """Newest first."""
    secrets: tuple[str, ...] = ()
    for name in "abcde":
        secrets = with_new_secret(secrets, name)

    assert secrets == ("e", "d", "c")
    assert len(secrets) == MOST_SECRETS


def test_attempts_end_after_three_days() -> None:
    """Ten growing pauses; a longer Retry-After counts, up to the longest pause."""
    assert sum(SCHEDULE, timedelta()) >= timedelta(days=3)
    assert list(SCHEDULE) == sorted(SCHEDULE)
    assert next_try(1, now=NOW) == NOW + SCHEDULE[0]
    assert next_try(1, now=NOW, asked=60) == NOW + timedelta(seconds=60)
    assert next_try(2, now=NOW, asked=1) == NOW + SCHEDULE[1]
    assert next_try(1, now=NOW, asked=1e9) == NOW + SCHEDULE[-1]
    assert next_try(len(SCHEDULE), now=NOW) is not None
    assert next_try(len(SCHEDULE) + 1, now=NOW) is None


def test_the_same_cause_gives_the_same_message_id() -> None:
    """So repeated work creates no second message."""
    assert message_id("t", "cause", "h") == message_id("t", "cause", "h") != message_id("t", "cause", "k")
    assert message_body(WebhookEvent.BOOKING_CREATED, at=NOW, data={"b": 1, "a": None}) == (
        '{"data":{"a":null,"b":1},"timestamp":"2027-03-22T09:00:00+00:00","type":"booking.created"}'
    )
