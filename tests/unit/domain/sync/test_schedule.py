"""When calendars are polled, and when a change that may show late is read once more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.sync.schedule import follow_up, next_poll, time_bucket

NOW = datetime(2027, 3, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_polls_come_within_a_fifth_of_their_interval():
    """Different calendars are polled at different times."""
    moments = {next_poll(NOW, minutes=15, seed=f"c/{number}") for number in range(50)}

    assert len(moments) > 40
    assert all(timedelta(minutes=12) <= item - NOW <= timedelta(minutes=18) for item in moments)


def test_buckets_with_a_seed_begin_at_times_of_their_own():
    """Daily work of different seeds does not all come at midnight."""
    day = 86_400
    changes = {
        hour
        for seed in ("a", "b", "c", "d", "e")
        for hour in range(24)
        if time_bucket(NOW + hour * HOUR, seconds=day, seed=seed)
        != time_bucket(NOW + (hour + 1) * HOUR, seconds=day, seed=seed)
    }

    assert len(changes) > 2
    assert time_bucket(NOW, seconds=day) == time_bucket(NOW + timedelta(hours=15), seconds=day)


@pytest.mark.pitfall(8)
def test_a_change_that_may_show_late_is_read_twice_more():
    """Pitfall 8: after half a minute and after two more, shared by all requests meanwhile; then it ends."""
    now = datetime(2027, 3, 15, 8, 0, 7, tzinfo=UTC)

    second = follow_up("push", now=now)
    same = follow_up("missed", now=now + timedelta(seconds=7))
    third = follow_up("second", now=second.not_before)

    assert (second.reason, second.not_before) == ("second", datetime(2027, 3, 15, 8, 0, 45, tzinfo=UTC))
    assert second == same != follow_up("push", now=now + timedelta(seconds=9))
    assert timedelta(minutes=2) <= third.not_before - second.not_before <= timedelta(minutes=3)
    assert None is follow_up("third", now=now) is follow_up("poll", now=now)
