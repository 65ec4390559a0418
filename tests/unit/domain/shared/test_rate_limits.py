"""Who calls, as Google's front end says; and how often is too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.shared.rate_limits import WINDOW, Rate, Share, client, exceeded, window

NOW = datetime(2027, 3, 15, 8, 3, tzinfo=UTC)
SHARE = Share("address", "a1", 10)


@pytest.mark.parametrize(
    ("forwarded", "hops", "expected"),
    [
        ("203.0.113.7", 1, "203.0.113.7"),
        ("10.0.0.1, 203.0.113.7", 1, "203.0.113.7"),
        ("1.2.3.4, 5.6.7.8,203.0.113.7 ", 1, "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7, 35.191.0.1", 2, "203.0.113.7"),
        ("203.0.113.7, 35.191.0.1", 2, "203.0.113.7"),
        ("35.191.0.1", 2, "192.0.2.1"),
        ("", 1, "192.0.2.1"),
        ("nonsense", 1, "192.0.2.1"),
        ("203.0.113.7:4711", 1, "192.0.2.1"),
        ("1.2.3.4, <script>", 1, "192.0.2.1"),
        ("1.2.3.4", 0, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", 1, "2001:db8:1:2::"),
        ("::ffff:203.0.113.7", 1, "203.0.113.7"),
    ],
)
def test_the_callers_address_cannot_be_made_up(forwarded: str, hops: int, expected: str) -> None:
    """What the caller writes stands before what the front end appends; a whole IPv6 network is one caller."""
    assert expected == client(forwarded, "192.0.2.1", hops=hops)


def test_callers_without_an_address_share_one_limit() -> None:
    """Nobody escapes the limit by having none."""
    assert "unknown" == client("", "", hops=1)


def test_windows_follow_each_other() -> None:
    """Ten minutes each, on the hour; the one before weighs less and less."""
    at, later = window(NOW), window(NOW + WINDOW)

    assert ("20270315T0800", 0.7) == (at.name, pytest.approx(at.weight))
    assert at.name == later.before
    assert at.end == later.start


@pytest.mark.parametrize(
    ("now", "before", "wait"),
    [(10, 0, None), (11, 0, 7), (10, 1, 7), (3, 10, None), (4, 10, 1), (0, 20, 2)],
)
def test_requests_of_the_window_before_count_less_and_less(now: int, before: int, wait: int | None) -> None:
    """No burst at the edge of two windows; and the answer says when there is room again."""
    over = exceeded([SHARE], {"a1": now}, {"a1": before, "other": 99}, window(NOW))

    assert (over is None) == (wait is None)
    if over is not None and wait is not None:
        assert over[1] - NOW == pytest.approx(timedelta(minutes=wait), abs=timedelta(milliseconds=1))


@pytest.mark.parametrize("per_minute", [1, 2, 60, 300])
def test_a_bucket_gives_its_rate_and_half_of_it_at_once(per_minute: int) -> None:
    """In ten minutes of greed a caller gets the rate and one burst."""
    rate, now = Rate(per_minute), NOW
    full_at, got = now, 0
    for _ in range(6000):
        if not rate.wait(full_at, now):
            full_at, got = rate.take(full_at, now), got + 1
        now += timedelta(milliseconds=100)

    assert per_minute * 10 <= got <= per_minute * 10 + max(1, per_minute // 2)


def test_a_wait_is_long_enough() -> None:
    """Whoever comes back when told is let in."""
    rate, full_at, now = Rate(60), NOW, NOW
    while not (wait := rate.wait(full_at, now)):
        full_at = rate.take(full_at, now)

    assert timedelta() < wait <= timedelta(seconds=1)
    assert not rate.wait(full_at, now + wait)
