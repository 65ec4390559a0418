"""What Graph alone does with writes: repeats, changes of its own, reminders."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from common.domain.calendar.event import Detail, ExternalEvent, Gone
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import Changed, EventRef, IdTaken
from common.errors import (
    ProviderUnavailable,
)
from tests.contract.provider.microsoft_world import (
    ADA,
    WINDOWS_ZONE,
    MicrosoftWorld,
)
from tests.contract.provider.suite_setup import HOUR, OWN, TOMORROW, created, draft


@pytest.fixture
def world() -> Iterator[MicrosoftWorld]:
    made = MicrosoftWorld()
    yield made
    made.close()


@pytest.mark.pitfall(13)
def test_a_repeated_create_never_passes_for_the_newer_state(world: MicrosoftWorld) -> None:
    """Where the first attempt wrote another state, it is read before anything is believed (pitfall 13)."""
    world.lose_answer()
    with pytest.raises(ProviderUnavailable):
        world.provider.create_event(world.token, world.calendar, draft(event_id=OWN))

    moved = draft(event_id=OWN, interval=Interval(TOMORROW + HOUR, TOMORROW + 2 * HOUR))
    again = world.provider.create_event(world.token, world.calendar, moved)

    (only,) = world.ids()
    assert again == IdTaken(only)


@pytest.mark.pitfall(22)
def test_a_conflict_that_nobody_asked_about_is_a_change(world: MicrosoftWorld) -> None:
    """Exchange answers 412 even without a condition, when it touches an event itself (pitfall 22)."""
    made = created(world, draft())
    world.simulator.add_fault("status", method="events.update", status=412)

    after = world.provider.update_event(
        world.token, world.calendar, made.id, draft(), changed=frozenset({"title"}), etag=None
    )

    assert after == Changed(made.id)


@pytest.mark.pitfall(12)
def test_a_state_that_exchange_touched_itself_has_the_same_content(world: MicrosoftWorld) -> None:
    """Another change key, and nothing else that could be taken for an edit (pitfall 12)."""
    made = created(world, draft())
    before = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.FULL)
    world.simulator.admin.bump(world.id, made.id)
    after = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.FULL)

    assert isinstance(before, ExternalEvent)
    assert isinstance(after, ExternalEvent)
    assert after.etag != before.etag
    assert after._replace(etag=before.etag, updated=before.updated) == before


@pytest.mark.pitfall(22)
def test_an_event_keeps_its_id_in_another_calendar(world: MicrosoftWorld) -> None:
    """Moved by its owner, it is gone here and found there by the same id (pitfall 22)."""
    made = created(world, draft())
    other = replace(world.calendar, provider_id=world.simulator.admin.add_calendar(ADA, "Other"))
    world.simulator.owner.move_to_calendar(world.id, made.id, other.provider_id)

    here = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.FULL)
    there = world.provider.get_event(world.token, other, made.id, detail=Detail.FULL)

    assert here == Gone(made.id)
    assert isinstance(there, ExternalEvent)
    assert there.title == "Haircut: Ada"


def test_an_event_that_was_made_a_day_becomes_timed_again(world: MicrosoftWorld) -> None:
    """Our time replaces the owner's days."""
    made = created(world, draft())
    days = {
        name: {"dateTime": f"2026-10-0{day}T00:00:00", "timeZone": WINDOWS_ZONE}
        for name, day in (("start", 8), ("end", 9))
    }
    world.simulator.owner.edit_event(world.id, made.id, {"isAllDay": True, **days})

    after = world.provider.update_event(
        world.token, world.calendar, made.id, draft(), changed=frozenset({"time"}), etag=None
    )

    stored = world.stored(made.id)
    assert isinstance(after, EventRef)
    assert stored is not None
    assert stored.start == TOMORROW


@pytest.mark.parametrize("changed", [frozenset({"attendee"}), frozenset({"status"}), frozenset()])
def test_what_cannot_be_changed_is_no_write(world: MicrosoftWorld, changed: frozenset[str]) -> None:
    """A change that Graph cannot make, or not silently, leaves the event and says how it is."""
    made = created(world, draft())
    wanted = draft(attendee=("ada@example.org", "Ada"))

    after = world.provider.update_event(
        world.token, world.calendar, made.id, wanted, changed=changed, etag=made.etag
    )

    assert after == made
    assert world.mails() == 0


@pytest.mark.pitfall(21)
def test_a_reminder_of_ones_own_is_mailed_to_nobody(world: MicrosoftWorld) -> None:
    """What only the owner sees can be changed silently, guests or not (pitfall 21)."""
    invited = draft(attendee=("ada@example.org", "Ada"), notify=True)
    made = created(world, invited)
    quiet = replace(invited, notify=False, reminder=30)

    world.provider.update_event(
        world.token, world.calendar, made.id, quiet, changed=frozenset({"reminder"}), etag=made.etag
    )

    stored = world.stored(made.id)
    assert stored is not None
    assert (stored.reminder, len(stored.attendees)) == (30, 1)


@pytest.mark.parametrize(("reminder", "shown"), [(None, 15), (0, 0), (10, 10), (-5, 0), (10**6, 40_320)])
def test_the_reminder_is_always_said(world: MicrosoftWorld, reminder: int | None, shown: int) -> None:
    """D6: minutes, or the mailbox's own default."""
    made = created(world, draft(reminder=reminder))

    stored = world.stored(made.id)
    assert stored is not None
    assert stored.reminder == shown
    assert '"isReminderOn": true' in world.recorder.asked[-1]
