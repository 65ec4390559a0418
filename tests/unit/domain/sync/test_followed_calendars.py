"""Which calendars are followed, what they lack, and what follows from changed settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.calendar.connection import (
    AccessRole,
    CalendarEntry,
    CalendarUse,
    Connection,
    ProviderKind,
    Status,
)
from common.domain.calendar.sync_state import CalendarSync, Channel
from common.domain.connect.settings import Settings
from common.domain.connect.settings_change import consequences, patched, with_uses
from common.domain.sync.followed_calendars import (
    ChannelState,
    calendar_needs,
    channel_lost,
    channel_state,
    followed_calendars,
    imported_calendars,
)
from common.errors import InvalidRequest

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
        "own": entry("own", primary=True, use=CalendarUse.IMPORT),
        "team": entry("team", use=CalendarUse.IMPORT),
        "off": entry("off"),
    },
)


def chosen_for(connection, **patch):
    return replace(connection, settings=patched(connection.settings, patch))


def sync_state(key="own", **fields):
    return CalendarSync("t", "c", key, **fields)


def channel(*, hours=24, verified=True):
    return Channel("ch", "r", NOW + hours * HOUR, NOW, NOW if verified else None)


def test_which_calendars_are_imported_and_which_are_followed():
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


def test_a_dead_grant_keeps_calendars_followed_and_a_disconnection_does_not():
    """Nothing is deleted because a person has to consent again."""
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
        (ChannelState.UNSUPPORTED, {"push_refused": "push_unsupported"}, False),
        (ChannelState.REFUSED, {"push_refused": "unauthorized"}, False),
    ],
)
def test_the_states_of_a_channel(state, fields, is_lost):
    """Only a missing or expired one, where pushes are possible, is lost."""
    found = sync_state(**fields)

    assert (channel_state(found, now=NOW), channel_lost(found, now=NOW)) == (state, is_lost)


@pytest.mark.pitfall(8)
def test_every_followed_calendar_needs_a_live_channel():
    """A followed calendar without one is synchronised, however the channel got lost."""
    found = calendar_needs(
        CONNECTION,
        (sync_state("own", channel=channel(hours=-1)), sync_state("off", channel=channel())),
        now=NOW,
    )

    assert (found.sync, found.settle) == (("own", "team"), ("off",))


def test_a_lease_ends():
    """Its holder may have crashed."""
    assert sync_state(lease_until=NOW + HOUR).leased(now=NOW)
    assert not sync_state(lease_until=NOW).leased(now=NOW)
    assert not sync_state().leased(now=NOW)


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
def test_each_changed_setting_has_its_consequences(patch, settle, rewrite):
    """Which calendars are settled anew, and whether exports are written again."""
    found = consequences(CONNECTION, chosen_for(CONNECTION, **patch))

    assert (found.settle, found.rewrite) == (settle, rewrite)


def test_switching_exports_on_again_writes_everything():
    """Events may have changed meanwhile."""
    off = chosen_for(CONNECTION, exports={"on": False})

    assert consequences(off, chosen_for(off, exports={"on": True})).rewrite


def test_switching_calendars():
    """Each by its own key; the dedicated calendar cannot be switched."""
    after = replace(
        CONNECTION,
        calendars=with_uses(
            CONNECTION.calendars, {"team": CalendarUse.NONE, "off": CalendarUse.IMPORT}, dedicated="own"
        ),
    )

    assert consequences(CONNECTION, after).settle == ("off", "team")
    with pytest.raises(InvalidRequest):
        with_uses(CONNECTION.calendars, {"nowhere": CalendarUse.CHECK}, dedicated=None)
    with pytest.raises(InvalidRequest):
        with_uses(CONNECTION.calendars, {"own": CalendarUse.CHECK}, dedicated="own")


def test_the_version_of_settings_grows_with_changes_only():
    """Setting the same values again is no change."""
    first = Settings()
    second = patched(first, {"imports": {"mode": "full"}})

    assert (second.version, patched(second, {"imports": {"mode": "full"}})) == (2, second)
