"""Disconnecting removes everything of ours, leaves everything of others, and keeps a receipt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.access import Staff
from common.domain.calendar.connection import Status
from common.domain.export.exported_event import LinkState
from common.domain.shared.task_records import AdvanceDisconnect
from common.flows.booking.change import cancel_booking
from common.flows.connect import disconnect
from common.flows.connect.disconnect import advance_disconnect, start_disconnect
from common.flows.shared.tokens import authorized
from tests.flows.setups.connection_stages_setup import Life, calendars
from tests.flows.setups.disconnect_setup import documents_left, synchronised
from tests.flows.setups.sync_setup import at
from tests.whole_lists import every
from tests.world import ACCOUNT


def test_disconnecting_removes_what_is_ours_and_nothing_else():
    """E1: our events, imports, channels, links, outbox and the grant go; the owner's events stay."""
    life = synchronised()
    theirs = [event["id"] for event in life.existing_events() if not event["id"].startswith("sb")]
    ended = life.disconnect()

    assert ended.status is Status.DISCONNECTED
    assert [event["id"] for event in life.existing_events()] == theirs
    assert (life.channels(), life.google.inspect.grants()) == ([], [])
    assert documents_left(life) == []
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
    """Slotbridge deletes the calendar that it made, and counts the events in it."""
    life = Life()
    life.set(exports={"dedicated": True})
    life.book_many(5)
    life.synchronise()
    ended = life.disconnect()

    assert (ended.receipt.calendar_removed, ended.receipt.events_deleted) == (True, 5)
    assert calendars(life.connect()) == {ACCOUNT: "import"}


def test_a_dedicated_calendar_that_was_made_but_not_stored_is_removed():
    """The instance died between making the calendar and storing it."""
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
    assert calendars(life.connect()) == {ACCOUNT: "import"}


@pytest.mark.pitfall(24)
def test_a_revoked_grant_does_not_stop_a_disconnection():
    """Everything stored here is removed, and the receipt says what had to be left at the provider."""
    life = synchronised()
    life.google.admin.revoke_grant(ACCOUNT)
    ended = life.disconnect()

    assert ended.status is Status.DISCONNECTED
    assert documents_left(life) == []
    assert (ended.receipt.events_left, ended.receipt.events_deleted) == (5, 0)
    assert (ended.receipt.provider_reachable, ended.receipt.imports_removed) == (False, 10)
    assert len(life.own_events()) == 5


@pytest.mark.pitfall(19)
def test_an_account_that_had_to_be_connected_again_can_be_disconnected_instead():
    """A connection can be disconnected in every state."""
    life = synchronised()
    life.google.admin.revoke_grant(ACCOUNT)
    life.enter(at(18))
    life.drain()
    assert life.connection.status is Status.REAUTH_REQUIRED

    assert life.disconnect().status is Status.DISCONNECTED
    assert documents_left(life) == []


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


def test_disconnecting_twice_changes_nothing_and_keeps_the_receipt():
    """Asked for again during and after it, the disconnection has the same receipt."""
    life = synchronised()
    start_disconnect(life.ports, tenant=life.tenant, connection=life.connection_id)
    start_disconnect(life.ports, tenant=life.tenant, connection=life.connection_id)
    life.drain()
    ended = life.connection
    life.google.admin.clear_logs()
    again = life.disconnect()
    life.advance(hours=1)

    assert again.receipt == ended.receipt == life.connection.receipt
    assert life.google.admin.calls() == []


def test_an_event_that_was_read_before_its_deletion_is_counted_as_deleted():
    """A synchronisation that read it a moment earlier stores it as existing; the receipt does not."""
    life = synchronised()
    disconnect.remove_events(life.ports, life.connection, after=None, most=9)
    for link in life.ports.bookings.links(life.tenant, life.connection_id, after=None, limit=9):
        life.ports.bookings.save_link(replace(link, state=LinkState.LIVE))
    receipt = disconnect.count_events(life.ports, life.connection, reachable=True).receipt

    assert life.own_events() == []
    assert (receipt.events_deleted, receipt.events_left) == (5, 0)


@pytest.mark.parametrize("dead", [False, True])
def test_events_that_were_deleted_before_are_not_counted_as_left(dead):
    """A cancelled appointment has no event any more; the receipt counts the other four."""
    life = synchronised()
    cancel_booking(life.ports, tenant=life.tenant, booking="b000", by=Staff())
    life.drain()
    if dead:
        life.google.admin.revoke_grant(ACCOUNT)
    ended = life.disconnect()

    assert (ended.receipt.events_deleted, ended.receipt.events_left) == ((0, 4) if dead else (4, 0))


def test_a_channel_that_was_never_opened_is_not_counted():
    """The receipt counts only channels that were open."""
    life = Life()
    life.google.add_fault("status", method="events.watch", times=0, status=503)
    life.start_sync()
    life.drain(within=timedelta(0))
    life.google.inspect.clear_faults()

    assert life.disconnect().receipt.channels_stopped == 0


def test_a_task_for_an_unknown_or_working_connection_does_nothing():
    """A task for a connection that does not exist, or that is not being disconnected, is no error."""
    life = synchronised()
    before = life.connection
    advance_disconnect(life.ports, AdvanceDisconnect(life.tenant, "nobody"))
    advance_disconnect(life.ports, AdvanceDisconnect(life.tenant, life.connection_id))

    assert life.connection == before


@pytest.mark.pitfall(25)
def test_no_personal_data_of_a_connection_is_in_logs_and_tasks():
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
    said = "\n".join([*life.log.lines, *tasks, str(every(life.ports.lists.notices, life.tenant))])

    for word in ("secret", "Carla", "carla@", ACCOUNT, grant.access_token, grant.refresh_token):
        assert word not in said
