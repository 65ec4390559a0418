from datetime import datetime, timedelta

import pytest

from common.domain.booking import BookingStatus, LinkState, Source
from common.domain.catalogue import EditPolicy, OwnerEditPolicy, Tenant
from common.domain.interval import Interval
from common.domain.settings import ExportSettings, ImportSettings, Settings
from common.flows.release_held import ReleaseHeld, release_held
from tests.flows.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT, RETURN_TO


def exported(world=None, **options):
    """A world with one exported booking whose echo has arrived."""
    world = world or Synced(**options)
    world.book(at(9))
    world.drain()
    return world


def policy(world, **parts):
    world.ports.catalogue.save_tenant(
        Tenant(
            id=world.tenant,
            name="Salon",
            zone="Europe/Zurich",
            return_addresses=(RETURN_TO,),
            owner_edits=OwnerEditPolicy(**parts),
        )
    )


@pytest.mark.pitfall(12)
def test_an_own_event_comes_back_as_an_echo_and_nothing_is_written():
    """Pitfall 12: the export is reported by push, read once, recognised, and never imported."""
    world = exported()
    link, booking = world.link(), world.booking()
    world.google.admin.clear_logs()

    for _ in range(3):
        world.look()
        world.drain()

    assert not world.errors
    assert [] == world.imported()
    assert [] == world.writes()
    assert (link, booking) == (world.link(), world.booking())


@pytest.mark.pitfall(12)
def test_odd_texts_do_not_oscillate():
    """Pitfall 12: emoji, HTML, line ends and long texts cause no second write and no change."""
    text = "Grüße 👩‍💻️ <b>fett</b><br>\r\n&amp; mehr  \r\n" + "lang " * 1500
    world = exported(settings=Settings(exports=ExportSettings(title="{customer} ✂️ ", description=text)))
    world.google.admin.clear_logs()
    before = world.booking()

    for _ in range(3):
        world.look()
        world.drain()
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.look()
    world.drain()

    assert not world.errors
    assert [] == world.writes()
    assert before == world.booking()


@pytest.mark.pitfall(12)
def test_a_copy_of_an_own_event_is_foreign():
    """Pitfall 12: somebody copies an exported event with its marker: the copy blocks, the booking stays."""
    world = exported()
    original = world.alive()[0]
    copy = {name: original[name] for name in ("summary", "extendedProperties")}
    world.google.owner.put_event(ACCOUNT, copy | stamps(at(15)))
    world.drain()

    assert not world.errors
    assert [at(15)] == world.busy()
    assert at(9) == world.booking().interval.start


@pytest.mark.pitfall(22)
def test_a_moved_event_moves_its_booking():
    """Pitfall 22: the old time is free again, the new one taken, told once, and nothing is written back."""
    world = exported()
    world.google.admin.clear_logs()

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    booking = world.booking()
    assert Interval(at(11), at(11, 30)) == booking.interval
    assert (Source.EXTERNAL, 2) == (booking.source, booking.revision)
    assert ["booking_moved"] == world.told()
    assert [] == world.writes()
    assert world.book(at(9), "b2", export=False).active


@pytest.mark.pitfall(22)
def test_a_longer_event_makes_the_booking_longer():
    """Pitfall 22: a changed duration is honoured, not dropped."""
    world = exported()

    world.google.owner.edit_event(ACCOUNT, world.link().event_id, {"end": stamps(at(9), 90)["end"]})
    world.drain()

    assert Interval(at(9), at(10, 30)) == world.booking().interval
    assert Interval(at(9), at(10, 30)) == world.booking().claimed


@pytest.mark.pitfall(22)
def test_a_move_onto_another_booking_is_undone():
    """Pitfall 22: who booked there keeps the time; the event goes back, and the owner is told."""
    world = exported()
    world.book(at(11), "b2", export=False)

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    assert at(9) == world.booking().interval.start
    assert ["edit_reverted"] == world.told()
    assert at(9) == start_of(world)


def start_of(world):
    return datetime.fromisoformat(world.alive()[0]["start"]["dateTime"])


@pytest.mark.pitfall(22)
def test_a_move_is_undone_where_the_policy_says_so():
    """Pitfall 22: with the policy revert, the owner's move is undone at the provider, once."""
    world = exported()
    policy(world, time=EditPolicy.REVERT)

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    assert at(9) == world.booking().interval.start == start_of(world)
    assert ["edit_reverted"] == world.told()


@pytest.mark.pitfall(22)
def test_a_move_is_only_proposed_where_the_policy_says_so():
    """Pitfall 22: with the policy propose, booking and event stay apart until somebody decides."""
    world = exported()
    policy(world, time=EditPolicy.PROPOSE)

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()
    world.look()
    world.drain()

    assert not world.errors
    assert (at(9), at(11)) == (world.booking().interval.start, world.booking().proposal.interval.start)
    assert at(11) == start_of(world)
    assert ["edit_proposed"] == world.told()


@pytest.mark.pitfall(22)
@pytest.mark.pitfall(25)
def test_own_words_are_kept_although_only_times_are_imported():
    """Pitfalls 22, 25: texts are asked of our own events alone; the owner's words stay on later exports."""
    world = exported()

    world.google.owner.edit_event(ACCOUNT, world.link().event_id, {"summary": "Carla, bring the dog"})
    world.drain()
    world.reschedule(world.booking(), at(14))
    world.drain()

    assert not world.errors
    assert "Carla, bring the dog" == world.booking().title == world.alive()[0]["summary"]
    assert at(14) == start_of(world)


@pytest.mark.pitfall(22)
def test_a_waiting_change_of_the_customer_wins_over_an_older_look_of_the_owner():
    """Pitfall 22: customer and owner move the booking at the same time: the booking's later change wins."""
    world = exported()
    world.reschedule(world.booking(), at(14))

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    assert at(14) == world.booking().interval.start == start_of(world)


@pytest.mark.pitfall(22)
def test_a_deleted_event_cancels_its_booking_once():
    """Pitfall 22: after a grace the booking is cancelled, told once, and nothing is deleted in return."""
    world = exported()
    world.google.admin.clear_logs()

    world.google.owner.delete_event(ACCOUNT, world.link().event_id)
    world.drain()
    world.look()
    world.drain()

    assert not world.errors
    booking = world.booking()
    assert (BookingStatus.CANCELLED, Source.EXTERNAL) == (booking.status, booking.source)
    assert LinkState.GONE is world.link().state
    assert ["booking_cancelled"] == world.told()
    assert [] == world.writes()


@pytest.mark.pitfall(22)
def test_a_deletion_is_undone_where_the_policy_says_so():
    """Pitfall 22: with the policy revert a new event is written, under a new id."""
    world = exported()
    policy(world, deletion=EditPolicy.REVERT)
    first = world.link().event_id

    world.google.owner.delete_event(ACCOUNT, first)
    world.drain()

    assert not world.errors
    assert world.booking().active
    assert [world.link().event_id] == [event["id"] for event in world.alive()]
    assert first != world.link().event_id
    assert ["edit_reverted"] == world.told()


@pytest.mark.pitfall(22)
def test_an_event_that_is_restored_in_the_grace_was_never_deleted():
    """Pitfall 22: deleted and restored within seconds changes nothing."""
    world = exported()
    event = world.link().event_id

    world.google.owner.delete_event(ACCOUNT, event)
    world.google.push.deliver()
    world.engine.drain(within=timedelta(0))
    world.google.owner.restore_event(ACCOUNT, event)
    world.drain()

    assert not world.errors
    assert world.booking().active
    assert (LinkState.LIVE, None) == (world.link().state, world.link().missing_since)
    assert [] == world.told()


@pytest.mark.pitfall(22)
def test_a_move_to_another_calendar_is_no_deletion():
    """Pitfall 22: the event keeps its id in the other calendar; the link follows, the booking stays."""
    world = exported(calendars=("second@group.calendar.google.com",))
    event = world.link().event_id

    world.google.owner.move_to_calendar(ACCOUNT, event, "second@group.calendar.google.com")
    world.drain()

    assert not world.errors
    assert world.booking().active
    assert "second@group.calendar.google.com" == world.link().calendar_id
    assert LinkState.LIVE is world.link().state
    assert [] == world.told()


@pytest.mark.pitfall(4)
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_an_error_never_deletes(status):
    """Pitfall 4: while the provider answers with errors, a missing event's booking stays."""
    world = exported()
    event = world.link().event_id
    reason = {401: "authError", 403: "forbidden", 429: "rateLimitExceeded"}.get(status, "backendError")
    world.google.inspect.add_fault("status", method="events.get", times=0, status=status, reason=reason)

    world.google.owner.delete_event(ACCOUNT, event)
    world.drain()

    assert world.booking().active
    assert "booking_cancelled" not in world.told()


@pytest.mark.pitfall(4)
def test_a_mass_deletion_of_own_events_is_held_until_a_person_releases_it():
    """Pitfall 4: most exported events vanish at once: every booking stays, told once; then they follow."""
    world = Synced()
    for number in range(14):
        world.book(at(6) + timedelta(minutes=45 * number), f"b{number}")
    world.drain()
    world.google.admin.expire_sync_tokens(ACCOUNT)
    for number in range(13):
        world.google.owner.delete_event(ACCOUNT, world.link(f"b{number}").event_id)
    world.drain()
    world.look()
    world.drain()

    assert not world.errors
    assert all(world.booking(f"b{number}").active for number in range(14))
    assert ["mass_deletion_held"] == world.told()

    release_held(world.ports, ReleaseHeld(world.tenant, world.connection_id, world.key))
    world.drain()

    assert not world.errors
    assert [13] == [number for number in range(14) if world.booking(f"b{number}").active]
    assert world.feed().held is None


@pytest.mark.pitfall(6)
@pytest.mark.pitfall(22)
def test_what_happened_while_the_cursor_was_dead_is_found():
    """Pitfalls 6, 22: a deletion and a move under an expired cursor reach their bookings."""
    world = exported()
    world.book(at(11), "b2")
    world.book(at(13), "b3")
    world.drain()
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.google.owner.delete_event(ACCOUNT, world.link().event_id)
    world.google.owner.shift_event(ACCOUNT, world.link("b2").event_id, minutes=30)
    world.drain()

    assert not world.errors
    assert not world.booking().active
    assert at(11, 30) == world.booking("b2").interval.start
    assert at(13) == world.booking("b3").interval.start


def test_an_own_event_is_followed_where_nothing_is_imported():
    """The target calendar is read for its exports although imports are off."""
    world = exported(settings=Settings(imports=ImportSettings(on=False)))
    world.enter(at(15))

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    assert at(11) == world.booking().interval.start
    assert [] == world.imported()


def test_an_own_event_made_recurring_blocks_its_other_dates():
    """The first date is still the booking; the others are the owner's own."""
    world = exported()

    world.google.owner.edit_event(
        ACCOUNT, world.link().event_id, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]}
    )
    world.drain()

    assert not world.errors
    assert at(9) == world.booking().interval.start
    assert [at(9, day=1), at(9, day=2)] == world.busy()
