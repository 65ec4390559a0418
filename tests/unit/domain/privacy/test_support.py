"""Who lets support in, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.privacy.support import DEFAULT, SupportGrant, admitting, entry_id, length
from common.errors import InvalidRequest, NotAllowed

NOW = datetime(2027, 3, 15, 8, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def grant(name="g", *, hours=24, **values):
    fields = {"granted_at": NOW, "ends_at": NOW + timedelta(hours=hours), **values}
    return SupportGrant(name, "t", "why", "owner-1", **fields)


@pytest.mark.parametrize(
    ("now", "active"),
    [
        (NOW - MOMENT, False),
        (NOW, True),
        (NOW + timedelta(hours=24) - MOMENT, True),
        (NOW + timedelta(hours=24), False),
    ],
)
def test_a_grant_is_active_from_its_beginning_to_its_end(now, active):
    """The end is outside."""
    assert grant().active(now) == active


def test_a_revoked_grant_is_never_active():
    """Not even where the clocks of two instances differ."""
    assert not grant(revoked_at=NOW + timedelta(hours=1)).active(NOW)


def test_the_grant_that_ends_last_admits_support():
    """Its reason is the one in the trail."""
    grants = [grant("a", hours=1), grant("b", hours=9), grant("c", hours=2, revoked_at=NOW)]

    assert admitting(grants, locked=False, now=NOW).id == "b"


@pytest.mark.parametrize(
    "grants", [[], [grant(revoked_at=NOW)], [grant(hours=-1)]], ids=["none", "revoked", "past"]
)
def test_without_an_active_grant_nobody_is_admitted(grants):
    """No grant, an ended one or a past one."""
    with pytest.raises(NotAllowed) as refused:
        admitting(grants, locked=False, now=NOW)
    assert refused.value.reason == "no_support_grant"


def test_a_lock_beats_any_grant():
    """The lock is asked first."""
    with pytest.raises(NotAllowed) as refused:
        admitting([grant()], locked=True, now=NOW)
    assert refused.value.reason == "support_locked"


@pytest.mark.parametrize("hours", [0, -1, 169, 10_000])
def test_a_grant_has_a_length(hours):
    """More than nothing, a week at most."""
    with pytest.raises(InvalidRequest):
        length(hours)
    assert length(None) == DEFAULT == timedelta(hours=24)
    assert length(168) == timedelta(days=7)


def test_ids_of_audit_entries_sort_by_time():
    """Names of entries follow their moments, within one microsecond too."""
    moments = [NOW + MOMENT * number for number in (0, 1, 9, 10, 999_999, 1_000_000)]
    names = [entry_id(moment, "token-of-a-day") for moment in moments]

    assert names == sorted(names)
