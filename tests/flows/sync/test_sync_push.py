"""Google's push messages and channels, and polling where they are lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import calendar_key
from common.domain.sync.push import PURPOSE, PushClaims, PushNotice, encode_token
from common.errors import StoreUnavailable
from common.flows.sync.receive_push import Received, receive_push
from common.push_ports import PushPorts
from local.google import Settings
from tests.flows.setups.sync_setup import Synced, at, channels
from tests.world import ACCOUNT

CALENDAR = "ca" * 12


@pytest.fixture
def world():
    return Synced()


def notice(world, *, keys=None, channel="ch34567890", calendar=CALENDAR, **options):
    parts = (world.tenant, world.connection_id, calendar, channel)
    signature = (keys or world.ports.keys).sign(PURPOSE, *parts)
    return PushNotice(token=encode_token(PushClaims(*parts, signature=signature)), channel=channel, **options)


def push_ports(world, queue=None):
    ports = world.ports
    return PushPorts(ports.clock, ports.keys, queue or ports.queue, ports.log)


@pytest.mark.pitfall(11)
def test_the_first_message_is_queued_at_once_and_the_others_share_one_task(world):
    """Pitfall 11: one task at once, one after the bucket, and no more; the next bucket begins anew."""
    ports = push_ports(world)

    found = [receive_push(ports, notice(world)) for _ in range(4)]
    world.clock.advance_to(world.clock.now() + timedelta(seconds=5))
    found.append(receive_push(ports, notice(world)))

    assert [
        Received.LEADING,
        Received.TRAILING,
        Received.COVERED,
        Received.COVERED,
        Received.LEADING,
    ] == found


@pytest.mark.pitfall(11)
def test_calendars_do_not_wait_for_each_other(world):
    """Pitfall 11: a storm of one calendar leaves the leading task of another."""
    ports = push_ports(world)
    receive_push(ports, notice(world))

    assert Received.LEADING is receive_push(ports, notice(world, calendar="0e" * 12))


class Other:
    """Another installation's keys."""

    def sign(self, *parts):
        return b"x" * 32


@pytest.mark.pitfall(10)
def test_a_forged_push_message_queues_nothing(world):
    """Pitfall 10: wrong signature, no token, a token of another channel: counted, and nothing else."""
    ports = push_ports(world, queue=Refusing())
    forged = [
        notice(world, keys=Other()),
        PushNotice(token=None, channel="ch34567890"),
        PushNotice(token="nonsense", channel="ch34567890"),
        replace(notice(world), channel="another"),
    ]

    assert {Received.FORGED} == {receive_push(ports, one) for one in forged}
    assert 4 == len([line for line in world.log.lines if "push_forged" in line])


class Refusing:
    """A queue that takes nothing."""

    def enqueue(self, task):
        raise StoreUnavailable("the queue is down")


@pytest.mark.pitfall(10)
def test_a_message_that_cannot_be_queued_is_not_acknowledged(world):
    """Pitfall 10: the provider shall send it again, so the failure goes on."""
    with pytest.raises(StoreUnavailable):
        receive_push(push_ports(world, queue=Refusing()), notice(world))


@pytest.mark.pitfall(8)
def test_a_calendar_has_one_live_verified_channel(world):
    """Pitfall 8: opened before the listing, verified by its first message, with the lifetime from Google."""
    state = world.sync_state()
    (live,) = channels(world)

    assert not world.errors
    assert state.channel.id == live["id"]
    assert state.channel.verified_at is not None
    assert state.channel.resource_id
    life = state.channel.expires_at - state.channel.created_at
    assert 0.7 * life <= state.renew_at - state.channel.created_at <= 0.8 * life


@pytest.mark.pitfall(8)
def test_a_channel_is_replaced_before_it_ends(world):
    """Pitfall 8: the new one comes first, the old one is stopped when the new one is verified."""
    first = world.sync_state().channel.id

    world.clock.advance_to(world.sync_state().renew_at)
    world.request_sync()
    world.drain()
    during = len(channels(world))
    world.request_sync()
    world.drain()

    assert not world.errors
    assert 1 <= during <= 2
    assert [world.sync_state().channel.id] == [channel["id"] for channel in channels(world)]
    assert first != world.sync_state().channel.id
    assert () == world.sync_state().old_channels


@pytest.mark.pitfall(8)
def test_the_renewal_follows_the_lifetime_that_google_returned():
    """Pitfall 8: where Google grants a shorter lifetime, the renewal comes earlier."""
    world = Synced(google=Settings(channel_cap=timedelta(hours=1)))

    assert world.sync_state().channel.expires_at - world.clock.now() <= timedelta(hours=1)
    assert world.sync_state().renew_at - world.clock.now() <= timedelta(minutes=48)


@pytest.mark.pitfall(8)
def test_without_pushes_polling_finds_everything(world):
    """Pitfall 8: lost pushes are found by the next poll, which every sync plans anew."""
    world.enter(at(9))
    world.google.inspect.drop_pushes()
    assert [] == world.busy()

    due = world.sync_state().poll_at
    world.clock.advance_to(due)
    assert [world.key] == [state.key for state in world.ports.sync_states.due_for_poll(world.clock.now(), 10)]
    world.request_sync()
    world.drain()

    assert [at(9)] == world.busy()
    assert world.sync_state().poll_at > due


@pytest.mark.pitfall(8)
def test_a_calendar_that_cannot_push_is_polled_only():
    """Pitfall 8: a generated calendar refuses channels; it is not asked again that day, and is read."""

    def prepare(world):
        world.google.admin.add_calendar(ACCOUNT, "quiet", calendar_id="quiet", can_be_watched=False)

    world = Synced(prepare=prepare)
    world.enter(at(9), calendar="quiet")
    key = calendar_key("quiet")
    world.request_sync(key)
    world.drain()
    world.request_sync(key)
    world.drain()

    asked = [call for call in world.google.admin.calls() if call["method"] == "events.watch"]
    assert not world.errors
    assert world.sync_state(key).push_refused == "push_unsupported"
    assert [at(9)] == world.busy(key)
    assert 1 == len([call for call in asked if call["calendar"] == "quiet"])


@pytest.mark.pitfall(8)
def test_a_channel_whose_answer_was_lost_is_replaced(world):
    """Pitfall 8: stored before it was asked for, never confirmed: a new one takes its place."""
    state = world.sync_state()
    broken = replace(state.channel, resource_id="", verified_at=None)
    world.ports.sync_states.save(replace(state, channel=broken, renew_at=state.channel.expires_at))

    world.clock.advance_to(world.clock.now() + timedelta(minutes=11))
    world.request_sync()
    world.drain()

    assert not world.errors
    assert world.sync_state().channel.id != broken.id
    assert world.sync_state().channel.verified_at is not None


@pytest.mark.pitfall(10)
def test_a_push_of_an_unknown_channel_is_counted_and_changes_nothing(world):
    """Pitfall 10: a stopped channel may send for a while; that starts a sync, and changes nothing."""
    before = world.sync_state().channel
    receive_push(push_ports(world), notice(world, channel="gone567890", calendar=world.key))
    world.drain()

    assert not world.errors
    assert before == world.sync_state().channel
    assert [line for line in world.log.lines if "push_of_unknown_channel" in line]


@pytest.mark.pitfall(25)
def test_pushes_tasks_and_logs_hold_no_content(world):
    """Pitfall 25: titles and addresses are in no task, no log line and no stored state."""
    world.enter(at(9), description="canary")
    world.book(at(11))
    world.drain()

    texts = [str(done.task.payload) for done in world.done] + world.log.lines + [repr(world.sync_state())]
    assert [] == [text for text in texts if "secret plan" in text or "canary" in text or ACCOUNT in text]
