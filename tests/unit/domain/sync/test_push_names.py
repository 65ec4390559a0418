"""The names of the tasks that push messages queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.sync.push import push_names

START = datetime(2027, 3, 22, 9, 0, 0, tzinfo=UTC)


def names(seconds, calendar="k"):
    now = START + timedelta(seconds=seconds)
    return push_names(tenant="t", connection="c", calendar=calendar, now=now)


@pytest.mark.pitfall(11)
def test_one_bucket_has_two_names():
    """Pitfall 11: all messages of three seconds share a leading and a trailing task."""
    assert 2 == len({name for second in range(3) for name in (names(second).lead, names(second).trail)})
    assert names(2.999) == names(0)


@pytest.mark.pitfall(11)
def test_a_name_never_outlives_its_bucket():
    """Pitfall 11: a used name stays blocked for a day, so the next bucket has others."""
    assert {names(0).lead, names(0).trail}.isdisjoint({names(3).lead, names(3).trail})


@pytest.mark.pitfall(11)
def test_the_trailing_task_runs_after_its_bucket():
    """Pitfall 11: it reads what the last message of the bucket reported, even with skewed clocks."""
    assert START + timedelta(seconds=4) == names(0).trail_at == names(2.9).trail_at


def test_calendars_do_not_share_names():
    """One busy calendar holds back no other."""
    assert names(0).lead != names(0, "other").lead
