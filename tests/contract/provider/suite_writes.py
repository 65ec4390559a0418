"""The contract of a calendar provider: our own events."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.connection import AccessRole
from common.domain.calendar.event import Detail, ExternalEvent, Gone, Marker
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import Changed, EventRef, IdTaken
from common.errors import Forbidden, ProviderUnavailable
from common.ports.provider import BusyPage, BusyRequest
from tests.contract.provider.suite_setup import (
    HOUR,
    OWN,
    TOMORROW,
    created,
    deleted,
    draft,
    retitled,
    upserts,
)
from tests.contract.provider.world import WINDOW, ZONE, ProviderWorld, read


class Writes:
    """Our own events."""

    @pytest.mark.pitfall(13)
    def test_putting_twice_is_one_event(self, world: ProviderWorld) -> None:
        """The second create finds the first one's event, and reading shows whose it is (pitfall 13)."""
        made = created(world, draft())
        again = world.provider.create_event(world.token, world.calendar, draft())
        event = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.FULL)

        assert any(again == each for each in (IdTaken(draft().event_id), made))
        assert list(world.ids()) == [made.id]
        assert isinstance(event, ExternalEvent)
        assert (event.marker, event.title) == (Marker("b1", 1), "Haircut: Ada")
        assert event.span == draft().interval

    def test_an_event_that_is_read_by_itself_names_its_guests(self, world: ProviderWorld) -> None:
        """Without its organizer; whoever asks for times only is told no address."""
        guest = ("ada@example.org", "Ada")
        invited = created(world, draft(attendee=guest, notify=True))
        alone = created(world, draft(event_id="1123456789abcdefghijklmnopqrstuv"))
        found = [
            world.provider.get_event(world.token, world.calendar, made.id, detail=detail)
            for made, detail in ((invited, Detail.FULL), (alone, Detail.FULL), (invited, Detail.TIMES))
        ]

        assert [event.guests for event in found if isinstance(event, ExternalEvent)] == [
            ("ada@example.org",),
            (),
            None,
        ]

    @pytest.mark.pitfall(13)
    def test_a_lost_answer_leaves_one_event(self, world: ProviderWorld) -> None:
        """A create whose answer never came is repeated without a second event (pitfall 13)."""
        world.lose_answer()
        with pytest.raises(ProviderUnavailable):
            world.provider.create_event(world.token, world.calendar, draft())

        world.provider.create_event(world.token, world.calendar, draft())

        assert len(world.ids()) == 1

    @pytest.mark.pitfall(13)
    def test_an_event_answers_to_the_name_that_we_gave_it(self, world: ProviderWorld) -> None:
        """Where the provider's id never reached us, our name reads, changes and deletes it (pitfall 13)."""
        wanted, calendar = draft(event_id=OWN), world.calendar
        made = created(world, wanted)

        event = world.provider.get_event(world.token, calendar, OWN, detail=Detail.FULL)
        after = world.provider.update_event(
            world.token,
            calendar,
            OWN,
            replace(wanted, title="Other"),
            changed=frozenset({"title"}),
            etag=made.etag,
        )
        world.provider.delete_event(world.token, calendar, OWN, notify=False)
        gone = world.provider.get_event(world.token, calendar, OWN, detail=Detail.FULL)

        assert isinstance(event, ExternalEvent)
        assert (event.id, event.given_id, event.marker) == (made.id, OWN, Marker("b1", 1))
        assert isinstance(after, EventRef)
        assert (after.id, gone, list(world.ids())) == (made.id, Gone(OWN), [])

    @pytest.mark.pitfall(12)
    def test_a_copy_is_not_ours(self, world: ProviderWorld) -> None:
        """A copy keeps the marker, but not the name; the original is the one that is found (pitfall 12)."""
        made = created(world, draft(event_id=OWN))
        copied = world.copy(made.id)

        copy = world.provider.get_event(world.token, world.calendar, copied, detail=Detail.FULL)
        original = world.provider.get_event(world.token, world.calendar, OWN, detail=Detail.FULL)
        world.delete(made.id)
        gone = world.provider.get_event(world.token, world.calendar, OWN, detail=Detail.FULL)

        assert isinstance(copy, ExternalEvent)
        assert isinstance(original, ExternalEvent)
        assert (copy.marker, copy.given_id == OWN) == (Marker("b1", 1), False)
        assert (original.id, gone) == (made.id, Gone(OWN))

    @pytest.mark.pitfall(12)
    def test_live_questions_know_our_events(self, world: ProviderWorld) -> None:
        """In feeds and live answers alike an own event is recognised (pitfall 12)."""
        created(world, draft(event_id=OWN))

        listed = upserts(read(world, detail=Detail.TIMES).changes)
        (busy,) = world.provider.busy(world.token, [BusyRequest(world.calendar)], WINDOW)

        assert isinstance(busy, BusyPage)
        assert [event.given_id for event in (*listed, *busy.events)] == [OWN, OWN]
        assert [event.marker for event in busy.events] == [Marker("b1", 1)]

    @pytest.mark.pitfall(21)
    def test_only_the_named_fields_change(self, world: ProviderWorld) -> None:
        """Moving an event leaves the words that its owner wrote, and mails nobody (pitfall 21)."""
        made = created(world, draft(attendee=("ada@example.org", "Ada"), reminder=10))
        later = draft(interval=Interval(TOMORROW + HOUR, TOMORROW + 2 * HOUR), title="Other", reminder=99)

        after = world.provider.update_event(
            world.token, world.calendar, made.id, later, changed=frozenset({"time"}), etag=made.etag
        )

        stored = world.stored(made.id)
        assert isinstance(after, EventRef)
        assert stored is not None
        assert (stored.title, stored.reminder) == ("Haircut: Ada", 10)
        assert (stored.start, stored.end) == (TOMORROW + HOUR, TOMORROW + 2 * HOUR)
        assert world.mails() == 0

    def test_mail_goes_out_only_when_asked(self, world: ProviderWorld) -> None:
        """One notified write is one message to the attendee (pitfall 21)."""
        created(world, draft(attendee=("ada@example.org", "Ada"), notify=True))

        assert world.mails() == 1

    def test_the_attendee_can_be_accepted_for(self, world: ProviderWorld) -> None:
        """Option D5: the customer's answer is written with the invitation."""
        made = created(world, draft(attendee=("ada@example.org", "Ada"), accepted=True, notify=True))

        stored = world.stored(made.id)
        answer = "accepted" if world.provider.abilities.accepts_for_guests else "none"
        assert stored is not None
        assert stored.attendees == (("ada@example.org", answer),)

    @pytest.mark.pitfall(21)
    def test_a_silent_write_mails_nobody(self, world: ProviderWorld) -> None:
        """Guests are written, changed and deleted without a mail, or the provider refuses (pitfall 21)."""
        quiet = draft(attendee=("ada@example.org", "Ada"))
        told = replace(quiet, event_id=f"{quiet.event_id}2", notify=True)
        ids = [created(world, each).id for each in (quiet, told)]
        invited, silent = world.mails(), world.provider.abilities.silent_guests

        for event_id in ids:
            stored = world.stored(event_id)
            assert stored is not None
            for write in (retitled, deleted):
                if silent or not stored.attendees:
                    write(world, event_id)
                else:
                    with pytest.raises(Forbidden) as refused:
                        write(world, event_id)
                    assert refused.value.reason == "cannot_be_silent"

        assert (invited, world.mails()) == (1, 1)
        assert list(world.ids()) == ([] if silent else ids[1:])

    def test_a_state_that_we_did_not_see_is_not_overwritten(self, world: ProviderWorld) -> None:
        """With an old etag nothing is written (pitfall 22)."""
        made = created(world, draft())
        world.move(made.id, HOUR)

        after = world.provider.update_event(
            world.token, world.calendar, made.id, draft(), changed=frozenset({"time"}), etag=made.etag
        )

        stored = world.stored(made.id)
        assert after == Changed(made.id)
        assert stored is not None
        assert stored.start == TOMORROW + HOUR

    def test_what_the_owner_deleted_is_gone(self, world: ProviderWorld) -> None:
        """Reading and changing a deleted event both say so (pitfall 4)."""
        made = created(world, draft())
        world.delete(made.id)

        read_again = world.provider.get_event(world.token, world.calendar, made.id, detail=Detail.TIMES)
        changed = world.provider.update_event(
            world.token, world.calendar, made.id, draft(), changed=frozenset({"title"}), etag=None
        )

        assert (read_again, changed) == (Gone(made.id), Gone(made.id))

    def test_deleting_twice_is_fine(self, world: ProviderWorld) -> None:
        """A second delete, and one of an event that never was, succeed."""
        made = created(world, draft())

        for event_id in (made.id, made.id, "neverwas00"):
            world.provider.delete_event(world.token, world.calendar, event_id, notify=False)

        assert list(world.ids()) == []

    def test_an_export_calendar_comes_and_goes(self, world: ProviderWorld) -> None:
        """A calendar of our own is made, listed, and removed; removing it twice is fine."""
        made = world.provider.create_calendar(world.token, name="Bookings", zone=ZONE)
        listed = world.provider.list_calendars(world.token, page=None)
        ref = replace(world.calendar, provider_id=made)
        for _ in range(2):
            world.provider.delete_calendar(world.token, ref)

        after = world.provider.list_calendars(world.token, page=None)
        (entry,) = [entry for entry in listed.entries if entry.provider_id == made]
        assert (entry.name, entry.role, entry.zone in {ZONE, None}) == ("Bookings", AccessRole.OWNER, True)
        assert made not in {entry.provider_id for entry in after.entries}

    def test_the_default_calendar_is_listed_as_such(self, world: ProviderWorld) -> None:
        """Exactly one calendar is the account's own."""
        entries = world.provider.list_calendars(world.token, page=None).entries

        assert [entry.provider_id for entry in entries if entry.primary] == [world.calendar.provider_id]
