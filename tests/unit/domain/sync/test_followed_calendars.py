"""Which calendars are followed and what they lack, when they are read again, what changed settings mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.calendar.connection import AccessRole, CalendarEntry, Connection, ProviderKind, Status
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import CalendarSync, Channel
from common.domain.connect.settings import ImportMode, ImportSettings, PrivateMode, Settings
from common.domain.connect.settings_change import consequences, patched, switched
from common.domain.sync.followed_calendars import (
    ChannelState,
    calendar_needs,
    channel_lost,
    channel_state,
    followed_calendars,
    imported_calendars,
)
from common.domain.sync.import_privacy import redacted
from common.domain.sync.schedule import follow_up, next_poll, time_bucket
from common.errors import InvalidRequest
from tests.imported_events import imported_event

NOW = datetime(2027, 3, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def entry(key, **fields):
    return CalendarEntry(
        **({"key": key, "provider_id": key, "name": key, "zone": None, "role": AccessRole.OWNER} | fields)
    )


CONNECTION = Connection(
    id="c",
    tenant="t",
    resource="anna",
    provider=ProviderKind.GOOGLE,
    account="anna@example.com",
    status=Status.ACTIVE,
    created_at=NOW,
    calendars={
        "own": entry("own", primary=True, enabled=True),
        "team": entry("team", enabled=True),
        "off": entry("off"),
    },
)


def chosen_for(connection, **patch):
    return replace(connection, settings=patched(connection.settings, patch))


def feed(key="own", **fields):
    return CalendarSync("t", "c", key, **fields)


def channel(*, hours=24, verified=True):
    return Channel("ch", "r", NOW + hours * HOUR, NOW, NOW if verified else None)


def test_what_is_imported_and_what_is_followed():
    """The target of exports is followed even where it is not imported."""
    target = chosen_for(CONNECTION, exports={"target": "off"})
    only_out = chosen_for(target, imports={"on": False})
    only_in = chosen_for(target, exports={"on": False})

    assert (imported_calendars(CONNECTION), followed_calendars(CONNECTION)) == (
        ("own", "team"),
        ("own", "team"),
    )
    assert (imported_calendars(target), followed_calendars(target)) == (
        ("own", "team"),
        ("off", "own", "team"),
    )
    assert (imported_calendars(only_out), followed_calendars(only_out)) == ((), ("off",))
    assert (imported_calendars(only_in), followed_calendars(only_in)) == (("own", "team"), ("own", "team"))


def test_a_dead_grant_changes_nothing_about_what_is_kept_and_the_end_does():
    """Nothing is thrown away because a person has to consent again."""
    assert imported_calendars(replace(CONNECTION, status=Status.REAUTH_REQUIRED)) == ("own", "team")
    for status in (Status.DISCONNECTING, Status.DISCONNECTED):
        assert followed_calendars(replace(CONNECTION, status=status)) == ()


@pytest.mark.parametrize(
    ("state", "fields", "is_lost"),
    [
        (ChannelState.LIVE, {"channel": channel()}, False),
        (ChannelState.UNVERIFIED, {"channel": channel(verified=False)}, False),
        (ChannelState.EXPIRED, {"channel": channel(hours=0)}, True),
        (ChannelState.MISSING, {}, True),
        (ChannelState.UNSUPPORTED, {"push_unsupported": True}, False),
    ],
)
def test_the_states_of_a_channel(state, fields, is_lost):
    """Only one that should be there and is not is lost."""
    found = feed(**fields)

    assert (channel_state(found, now=NOW), channel_lost(found, now=NOW)) == (state, is_lost)


@pytest.mark.pitfall(8)
def test_every_followed_calendar_needs_a_live_channel():
    """Wanted and had are compared, whatever lost the difference."""
    found = calendar_needs(
        CONNECTION, (feed("own", channel=channel(hours=-1)), feed("off", channel=channel())), now=NOW
    )

    assert (found.sync, found.settle) == (("own", "team"), ("off",))


def test_polls_come_within_a_fifth_of_their_interval():
    """And those of different calendars at different times."""
    moments = {next_poll(NOW, minutes=15, seed=f"c/{number}") for number in range(50)}

    assert len(moments) > 40
    assert all(timedelta(minutes=12) <= item - NOW <= timedelta(minutes=18) for item in moments)


def test_buckets_with_a_seed_begin_at_times_of_their_own():
    """What is done daily is not done at midnight by all."""
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


def test_a_lease_ends():
    """Whoever held it may have died."""
    assert feed(lease_until=NOW + HOUR).leased(now=NOW)
    assert not feed(lease_until=NOW).leased(now=NOW)
    assert not feed().leased(now=NOW)


@pytest.mark.parametrize(
    ("patch", "settle", "rewrite"),
    [
        ({"show_events": True}, (), False),
        ({"exports": {"notify": False}}, (), False),
        ({"exports": {"title": "x"}}, (), True),
        ({"exports": {"reminder": 5}}, (), True),
        ({"exports": {"on": False}}, (), False),
        ({"exports": {"target": "off"}}, ("off",), True),
        ({"imports": {"on": False}}, ("own", "team"), False),
        ({"imports": {"mode": "full"}}, ("own", "team"), False),
        ({"imports": {"busy": {"tentative": False}}}, ("own", "team"), False),
    ],
)
def test_what_follows_from_each_choice(patch, settle, rewrite):
    """Only what a choice touches is touched."""
    found = consequences(CONNECTION, chosen_for(CONNECTION, **patch))

    assert (found.settle, found.rewrite) == (settle, rewrite)


def test_switching_exports_on_again_writes_everything():
    """Nobody knows what happened meanwhile."""
    off = chosen_for(CONNECTION, exports={"on": False})

    assert consequences(off, chosen_for(off, exports={"on": True})).rewrite


def test_switching_calendars():
    """Each by its own key; the calendar of our own is none of them."""
    after = replace(
        CONNECTION, calendars=switched(CONNECTION.calendars, {"team": False, "off": True}, dedicated="own")
    )

    assert consequences(CONNECTION, after).settle == ("off", "team")
    with pytest.raises(InvalidRequest):
        switched(CONNECTION.calendars, {"nowhere": True}, dedicated=None)
    with pytest.raises(InvalidRequest):
        switched(CONNECTION.calendars, {"own": True}, dedicated="own")


def test_versions_grow_with_changes_only():
    """Saying the same again is no change."""
    first = Settings()
    second = patched(first, {"imports": {"mode": "full"}})

    assert (second.version, patched(second, {"imports": {"mode": "full"}})) == (2, second)


@pytest.mark.pitfall(25)
@pytest.mark.parametrize(
    ("mode", "private", "plain", "hidden"),
    [
        (ImportMode.FULL, PrivateMode.FULL, "text", "text"),
        (ImportMode.FULL, PrivateMode.TIMES, "text", "times"),
        (ImportMode.FULL, PrivateMode.NONE, "text", "nothing"),
        (ImportMode.TIMES, PrivateMode.FULL, "times", "times"),
        (ImportMode.TIMES, PrivateMode.TIMES, "times", "times"),
        (ImportMode.TIMES, PrivateMode.NONE, "times", "nothing"),
    ],
)
def test_what_may_stay_under_each_pair_of_modes(mode, private, plain, hidden):
    """The same answer as for an event that is imported afresh."""

    def left(*, secret):
        span = Interval(NOW, NOW + HOUR)
        event = imported_event("e", span, private=secret, title="t", description="d")
        kept = redacted(event, ImportSettings(mode=mode, private=private))
        if kept is None:
            return "nothing"
        return {("t", "d"): "text", (None, None): "times"}[(kept.title, kept.description)]

    assert (left(secret=False), left(secret=True)) == (plain, hidden)


@pytest.mark.pitfall(8)
def test_a_change_that_lags_is_looked_for_twice_more():
    """Pitfall 8: after half a minute and after two more, shared by all that ask meanwhile; then it ends."""
    now = datetime(2027, 3, 15, 8, 0, 7, tzinfo=UTC)

    second = follow_up("push", now=now)
    same = follow_up("missed", now=now + timedelta(seconds=7))
    third = follow_up("second", now=second.not_before)

    assert (second.reason, second.not_before) == ("second", datetime(2027, 3, 15, 8, 0, 45, tzinfo=UTC))
    assert second == same != follow_up("push", now=now + timedelta(seconds=9))
    assert timedelta(minutes=2) <= third.not_before - second.not_before <= timedelta(minutes=3)
    assert None is follow_up("third", now=now) is follow_up("poll", now=now)
