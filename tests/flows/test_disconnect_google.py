"""Disconnecting: everything of ours is taken away, everything of others is left, and a receipt stays."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.account import Status, calendar_key
from common.domain.booking import LinkState
from common.domain.manage import Staff
from common.domain.work import Work
from common.flows.advance_disconnect import AdvanceDisconnect, advance_disconnect
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.settle_calendar import SettleCalendar, settle_calendar
from common.flows.start_disconnect import StartDisconnect, start_disconnect
from common.flows.steps import farewell
from common.flows.steps.access import authorized
from common.ports import Tuning
from local.cloud_tasks.engine import NotDrained
from tests.flows.life_setup import Life, calendars
from tests.flows.sync_setup import at
from tests.world import ACCOUNT


def synchronised(**options):
    """Ten events of the owner's, five bookings, both sides in line."""
    life = Life(**options)
    life.fill(10)
    life.book_many(5)
    life.synchronise()
    return life


def left_here(life):
    """Documents of the connection that are still there, but for itself and what its owner is still told."""
    mine = f"connections/{life.connection_id}/"
    found = [path for path in life.documents.paths() if mine in path or path.startswith("outbox/")]
    return [path for path in found if ".notice." not in path]


def test_disconnecting_takes_away_what_is_ours_and_nothing_else():
    """E1: own events, imports, channels, links, promises and the grant go; the owner's events stay."""
    life = synchronised()
    theirs = [event["id"] for event in life.alive() if not event["id"].startswith("sb")]
    ended = life.disconnect()

    assert ended.status is Status.DISCONNECTED
    assert [event["id"] for event in life.alive()] == theirs
    assert (life.channels(), life.google.inspect.grants()) == ([], [])
    assert left_here(life) == []
    receipt = ended.receipt
    assert (receipt.channels_stopped, receipt.events_deleted, receipt.events_left) == (1, 5, 0)
    assert (receipt.imports_removed, receipt.grant_revoked, receipt.provider_reachable) == (10, True, True)
    assert receipt.finished_at is not None
    assert life.google.admin.mails() == []


def test_the_agenda_forgets_imported_events_and_keeps_bookings():
    """What was imported blocks nothing any more; bookings are the tenant's own."""
    life = synchronised()
    life.disconnect()
    window = life.booking("b000").interval
    agenda = life.ports.catalogue.agenda(life.tenant, "anna", window)

    assert set(agenda.bookings) == {f"b{number:03}" for number in range(5)}
    assert agenda.imports == {} or all(not item.busy for item in agenda.imports.values())
    assert life.booking("b000").active


def test_a_dedicated_calendar_is_removed_as_a_whole():
    """What Slotbridge made it takes away again, and counts what was in it."""
    life = Life()
    life.set(exports={"dedicated": True})
    life.book_many(5)
    life.synchronise()
    ended = life.disconnect()

    assert (ended.receipt.calendar_removed, ended.receipt.events_deleted) == (True, 5)
    assert calendars(life.connect()) == {ACCOUNT: True}


def test_a_dedicated_calendar_that_nobody_wrote_down_is_removed():
    """The instance died between making it and remembering it."""
    life = Life()
    life.set(exports={"dedicated": True})
    life.ports.connections.save(replace(life.connection, dedicated_pending=True))
    provider = life.ports.providers[life.connection.provider].calendar
    authorized(
        life.ports,
        life.connection,
        lambda token: provider.create_calendar(token, name="Anna (Salon)", zone="Europe/Zurich"),
    )
    ended = life.disconnect()

    assert ended.receipt.calendar_removed
    assert calendars(life.connect()) == {ACCOUNT: True}


@pytest.mark.pitfall(24)
def test_a_dead_grant_does_not_stop_the_end():
    """Everything local still happens, and the receipt says what had to be left."""
    life = synchronised()
    life.google.admin.revoke_grant(ACCOUNT)
    ended = life.disconnect()

    assert ended.status is Status.DISCONNECTED
    assert left_here(life) == []
    assert (ended.receipt.events_left, ended.receipt.events_deleted) == (5, 0)
    assert (ended.receipt.provider_reachable, ended.receipt.imports_removed) == (False, 10)
    assert len(life.own()) == 5


@pytest.mark.pitfall(19)
def test_an_account_that_had_to_be_connected_again_can_be_disconnected_instead():
    """The end works from every state."""
    life = synchronised()
    life.google.admin.revoke_grant(ACCOUNT)
    life.enter(at(18))
    life.drain()
    assert life.connection.status is Status.REAUTH_REQUIRED

    assert life.disconnect().status is Status.DISCONNECTED
    assert left_here(life) == []


@pytest.mark.pitfall(24)
def test_the_grant_stays_while_the_account_is_connected_elsewhere():
    """Revoking would end the other connection too; the last one gives the grant back."""
    life = synchronised()
    room = replace(life.ports.catalogue.resource(life.tenant, "anna"), id="room", version=None)
    life.ports.catalogue.save_resource(life.tenant, room)
    other = life.connect(resource="room")
    ended = life.disconnect()

    assert (ended.receipt.grant_revoked, ended.receipt.grant_kept_for_other_connection) == (False, True)
    life.google.admin.expire_access_tokens()
    life.connection_id = other.id
    life.synchronise()
    assert life.connection.status is Status.ACTIVE
    last = life.disconnect()
    assert (last.receipt.grant_revoked, last.receipt.grant_kept_for_other_connection) == (True, False)
    assert life.google.inspect.grants() == []


def test_repeating_changes_nothing_and_the_receipt_stays():
    """Asking twice, during and after, ends in the same receipt."""
    life = synchronised()
    start_disconnect(life.ports, StartDisconnect(life.tenant, life.connection_id))
    start_disconnect(life.ports, StartDisconnect(life.tenant, life.connection_id))
    life.drain()
    ended = life.connection
    life.google.admin.clear_logs()
    again = life.disconnect()
    life.advance(hours=1)

    assert again.receipt == ended.receipt == life.connection.receipt
    assert life.google.admin.calls() == []


def test_a_report_from_before_its_deletion_leaves_no_event_behind():
    """A synchronisation that read an event a moment earlier remembers it as living; the receipt does not."""
    life = synchronised()
    farewell.remove_events(life.ports, life.connection, after=None, most=9)
    for link in life.ports.bookings.links(life.tenant, life.connection_id, after=None, limit=9):
        life.ports.bookings.save_link(replace(link, state=LinkState.LIVE))
    receipt = farewell.count(life.ports, life.connection, reachable=True).receipt

    assert life.own() == []
    assert (receipt.events_deleted, receipt.events_left) == (5, 0)


def test_deleting_many_events_takes_several_chunks():
    """Each chunk goes on where the last one stopped."""
    life = Life(tuning=Tuning(backfill_chunk=7))
    life.book_many(40)
    life.synchronise()
    ended = life.disconnect()

    assert ended.receipt.events_deleted == 40
    assert life.own() == []
    assert sum(done.task.work is Work.DISCONNECT for done in life.done) >= 6


@pytest.mark.pitfall(20)
def test_a_limit_delays_the_end_visibly():
    """B5: until when it waits can be read; then it goes on."""
    life = synchronised()
    life.google.add_fault(
        "status",
        method="events.delete",
        skip=2,
        status=403,
        reason="rateLimitExceeded",
        domain="usageLimits",
        retry_after="90",
    )
    start_disconnect(life.ports, StartDisconnect(life.tenant, life.connection_id))
    life.drain(within=timedelta(0))

    assert life.connection.status is Status.DISCONNECTING
    assert life.progress().waiting_until == life.clock.now() + timedelta(seconds=90)
    life.advance(minutes=10)
    assert (life.connection.status, life.connection.receipt.events_deleted) == (Status.DISCONNECTED, 5)


def test_an_event_that_may_not_be_deleted_is_left_and_counted():
    """A right that was taken away is no reason never to end."""
    life = Life(calendars=("team",))
    life.set(exports={"target": calendar_key("team")})
    life.book_many(3)
    life.synchronise()
    life.google.add_fault(
        "status", method="events.delete", times=1, status=403, reason="forbidden", domain="global"
    )
    ended = life.disconnect()

    assert ended.status is Status.DISCONNECTED
    assert (ended.receipt.events_deleted, ended.receipt.events_left) == (2, 1)


@pytest.mark.parametrize("dead", [False, True])
def test_events_that_went_before_are_not_counted_as_left(dead):
    """An appointment that was cancelled has no event any more; the receipt speaks of the other four."""
    life = synchronised()
    cancel_booking(life.ports, CancelBooking(life.tenant, "b000", Staff()))
    life.drain()
    if dead:
        life.google.admin.revoke_grant(ACCOUNT)
    ended = life.disconnect()

    assert (ended.receipt.events_deleted, ended.receipt.events_left) == ((0, 4) if dead else (4, 0))


def test_a_channel_that_was_never_opened_is_not_counted():
    """The receipt speaks of what there was."""
    life = Life()
    life.google.add_fault("status", method="events.watch", times=0, status=503)
    life.start_sync()
    life.drain(within=timedelta(0))
    life.google.inspect.clear_faults()

    assert life.disconnect().receipt.channels_stopped == 0


def test_an_outage_delays_the_end_and_hides_nothing():
    """While Google is down the imports are gone already, and the rest follows."""
    life = synchronised()
    life.google.add_fault("status", method="*", times=4, status=503)
    start_disconnect(life.ports, StartDisconnect(life.tenant, life.connection_id))
    life.drain(within=timedelta(0))

    assert life.connection.status is Status.DISCONNECTING
    assert life.imported() == []
    life.advance(hours=1)
    assert life.connection.status is Status.DISCONNECTED
    assert life.own() == []


def test_nothing_runs_for_a_connection_that_is_ending():
    """Late pushes, polls, exports and runs find the tombstone and do nothing."""
    life = synchronised()
    life.enter(at(19))
    life.reschedule(life.booking("b001"), at(20))
    ended = life.disconnect()
    life.google.admin.clear_logs()
    life.enter(at(21))
    life.advance(hours=2)
    life.maintain()

    assert ended.status is Status.DISCONNECTED
    assert life.google.admin.calls() == []
    assert left_here(life) == []


def test_a_synchronisation_under_way_ends_with_the_connection():
    """Disconnecting in the middle of the first synchronisation leaves nothing either."""
    life = Life(tuning=Tuning(backfill_chunk=5))
    life.fill(30)
    life.book_many(30)
    life.start_sync()
    with suppress(NotDrained):
        life.engine.drain(within=timedelta(0), most=6)
    assert life.connection.run.running
    ended = life.disconnect()
    life.advance(hours=1)

    assert ended.status is Status.DISCONNECTED
    assert life.own() == []
    assert left_here(life) == []


def test_what_a_late_synchronisation_stored_is_removed_by_the_last_look():
    """Somebody who had not heard of the end writes after it: one look after its lease finds that."""
    life = synchronised()
    feed = life.feed()
    life.disconnect()
    life.ports.feeds.save(replace(feed, version=None))
    assert left_here(life) != []
    life.advance(minutes=10)

    assert left_here(life) == []


def test_work_on_what_is_not_there_is_no_error():
    """A task for a connection that never was, or that is not ending, does nothing."""
    life = synchronised()
    before = life.connection
    advance_disconnect(life.ports, AdvanceDisconnect(life.tenant, "nobody"))
    advance_disconnect(life.ports, AdvanceDisconnect(life.tenant, life.connection_id))

    assert life.connection == before


@pytest.mark.pitfall(25)
def test_a_whole_life_leaves_no_word_of_anybody_in_logs_and_tasks():
    """Titles, names, addresses and tokens: in no log line, no task, no notice."""
    life = synchronised()
    sealed, _ = life.ports.connections.sealed(life.tenant, life.connection_id)
    grant = life.ports.vault.open(sealed, tenant=life.tenant, connection=life.connection_id)
    life.maintain()
    life.google.admin.revoke_grant(ACCOUNT)
    life.enter(at(20))
    life.drain()
    life.connect(connection=life.connection_id)
    life.drain()
    life.disconnect()
    tasks = [f"{done.task.name} {done.task.payload}" for done in life.done]
    said = "\n".join([*life.log.lines, *tasks, str(life.ports.ledger.notices(life.tenant))])

    for word in ("secret", "Carla", "carla@", ACCOUNT, grant.access_token, grant.refresh_token):
        assert word not in said


def test_upkeep_does_not_get_in_the_way_of_a_disconnection():
    """A late look at the settings leaves channels and imports to the disconnection, which counts them."""
    life = synchronised()
    start_disconnect(life.ports, StartDisconnect(life.tenant, life.connection_id))
    for feed in life.ports.feeds.of_connection(life.tenant, life.connection_id):
        settle_calendar(life.ports, SettleCalendar(life.tenant, life.connection_id, feed.key))
    life.drain()

    receipt = life.ports.connections.get(life.tenant, life.connection_id).receipt
    assert (receipt.channels_stopped, receipt.imports_removed) == (1, 10)
    assert life.channels() == []
