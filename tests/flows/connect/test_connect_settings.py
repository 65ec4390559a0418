"""Changing settings at any time: stored events follow at once, and what needs the provider is queued."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import AccessRole, CalendarUse, Phase, calendar_key
from common.domain.calendar.interval import Interval
from common.domain.shared.concurrency import Condition
from common.errors import InvalidRequest, Rejected, StaleVersion
from common.flows.connect.settings import change_settings
from common.flows.sync.initial_sync import ListingProgress, list_calendar
from tests.flows.setups.connection_stages_setup import Life
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT

TEAM = calendar_key("team")
SECRET = "canary-4711"


def synchronised(*, settings=None, switch=None, **options):
    life = Life(calendars=("team",), **options)
    life.enter(at(9), summary=f"{SECRET} title", description=f"{SECRET} text")
    life.enter(at(11), summary=f"{SECRET} private", visibility="private")
    life.enter(at(13), summary=f"{SECRET} team", calendar="team")
    life.set(calendars=switch or {}, **(settings or {}))
    life.synchronise()
    return life


def canaries(life):
    """Every document and log line that holds a word that should not be there."""
    documents = life.documents.get(life.documents.paths())
    return [item.path for item in documents if SECRET in str(item.data)] + [
        line for line in life.log.lines if SECRET in line
    ]


def starts(life, key=None):
    return [event.interval.start for event in life.imported(key)]


def agenda(life):
    window = Interval(at(0), at(0, day=7))
    return life.ports.catalogue.agenda(life.tenant, "anna", window).imports


def test_switching_a_calendar_off_removes_its_imports_at_once():
    """C6: here and in the agenda, before the answer; its channel is stopped, and nothing more is imported."""
    life = synchronised(switch={TEAM: CalendarUse.IMPORT})
    assert starts(life, TEAM) == [at(13)]
    life.set(calendars={TEAM: CalendarUse.NONE})

    assert life.imported(TEAM) == []
    assert all(not found.busy for name, found in agenda(life).items() if TEAM in name)
    life.drain()
    assert life.channels() == [ACCOUNT]
    life.enter(at(15), calendar="team")
    life.advance(hours=1)
    assert life.imported(TEAM) == []
    assert starts(life) == [at(9), at(11)]


def test_switching_a_calendar_on_brings_its_events():
    """B1: calendars can be switched on at any time."""
    life = synchronised()
    life.set(calendars={TEAM: CalendarUse.IMPORT})
    life.drain()

    assert starts(life, TEAM) == [at(13)]
    assert life.channels() == [ACCOUNT, "team"]


@pytest.mark.pitfall(25)
def test_tightening_the_mode_removes_all_texts_at_once():
    """C6: titles and descriptions are gone with the answer, and times stay."""
    life = synchronised(
        settings={"imports": {"mode": "full", "private": "full"}}, switch={TEAM: CalendarUse.IMPORT}
    )
    assert canaries(life) != []
    life.set(imports={"mode": "times"})

    assert canaries(life) == []
    assert starts(life) == [at(9), at(11)]
    life.drain()
    assert canaries(life) == []
    assert starts(life) == [at(9), at(11)]


@pytest.mark.pitfall(25)
def test_tightening_the_private_mode_removes_private_events_at_once():
    """C5: with the mode "none" a private event is removed, with "times" only its text is."""
    life = synchronised(settings={"imports": {"mode": "full", "private": "full"}})
    life.set(imports={"private": "times"})
    titles = {event.title for event in life.imported() if event.private}
    life.set(imports={"private": "none"})

    assert titles == {None}
    assert starts(life) == [at(9)]
    life.drain()
    assert starts(life) == [at(9)]
    life.set(imports={"private": "full"})
    life.drain()
    assert starts(life) == [at(9), at(11)]


def test_other_blocking_rules_hold_for_what_is_imported_already():
    """C2: the events are read anew, and until then the old rules hold, so that nothing is free in between."""
    life = synchronised()
    life.enter(at(16), status="tentative")
    life.drain()
    assert at(16) in life.busy()
    life.set(imports={"busy": {"tentative": False}})
    assert at(9) in life.busy()
    life.drain()

    assert at(16) not in life.busy()
    assert at(9) in life.busy()


def test_import_can_be_switched_off_and_on():
    """Everything imported goes; exported bookings are still followed."""
    life = synchronised()
    booking = life.book(at(18))
    life.drain()
    life.set(imports={"on": False})
    assert life.imported() == []
    life.drain()
    (own,) = life.own_events()
    life.google.owner.shift_event(ACCOUNT, own["id"], minutes=60)
    life.drain()
    assert life.booking(booking.id).interval.start == at(19)
    life.set(imports={"on": True})
    life.drain()

    assert starts(life) == [at(9), at(11)]


def test_export_can_be_switched_off_and_on():
    """D8: nothing more is exported; switched on again, everything in the window is, and nobody is mailed."""
    life = synchronised(settings={"exports": {"attendee": True, "notify": True}})
    life.set(exports={"on": False})
    life.book(at(18))
    life.drain()
    assert life.own_events() == []
    life.set(exports={"on": True})
    life.drain()

    assert len(life.own_events()) == 1
    assert life.connection.run.phase is Phase.DONE
    assert life.google.admin.mails() == []


@pytest.mark.pitfall(21)
def test_a_new_template_is_written_into_all_events_and_mails_nobody():
    """D7: the same events, changed in place."""
    life = synchronised(settings={"exports": {"attendee": True, "notify": True}})
    life.book_many(3, first=at(18))
    life.synchronise()
    before = [event["id"] for event in life.own_events()]
    life.google.admin.clear_logs()
    life.set(exports={"title": "{service} at {resource}"})
    life.drain()

    assert [event["summary"] for event in life.own_events()] == ["Cut at Anna"] * 3
    assert [event["id"] for event in life.own_events()] == before
    assert life.google.admin.mails() == []


@pytest.mark.pitfall(24)
def test_choosing_another_target_calendar_moves_the_exported_events():
    """D1: our events leave the old calendar, and the new one is followed."""
    life = synchronised()
    booking = life.book(at(18))
    life.drain()
    life.set(exports={"target": TEAM})
    life.drain(within=timedelta(minutes=5))

    assert (len(life.own_events()), len(life.own_events("team"))) == (0, 1)
    assert life.booking(booking.id).active
    assert life.channels() == [ACCOUNT, "team"]
    life.set(exports={"target": None})
    life.drain(within=timedelta(minutes=5))
    assert (len(life.own_events()), len(life.own_events("team"))) == (1, 0)
    assert life.channels() == [ACCOUNT]


@pytest.mark.parametrize(
    "patch",
    [
        {"exports": {"target": "nowhere"}},
        {"exports": {"notify": True}},
        {"exports": {"auto_accept": True}},
        {"exports": {"dedicated": True, "target": TEAM}},
        {"exports": {"title": "{customer.__class__}"}},
        {"exports": {"reminder": 50_000}},
        {"exports": {"on": None}},
        {"imports": {"mode": "everything"}},
        {"imports": {"colour": "red"}},
        {"imports": {"busy": {"lunch": True}}},
        {"version": 7},
    ],
)
def test_settings_that_cannot_work_are_refused_and_change_nothing(patch):
    """A contradiction, an unknown placeholder, a calendar that does not exist."""
    life = Life(calendars=("team",))
    before = life.connection

    with pytest.raises(InvalidRequest):
        life.set(**patch)
    assert life.connection == before


def test_a_target_must_be_writable():
    """A calendar that is only shared for reading takes no bookings."""
    life = Life(calendars=("team",))
    connection = life.connection
    entries = {
        **connection.calendars,
        TEAM: replace(connection.calendars[TEAM], role=AccessRole.READER),
    }
    life.ports.connections.save(replace(connection, calendars=entries))

    with pytest.raises(InvalidRequest) as refused:
        life.set(exports={"target": TEAM})
    assert refused.value.reason == "calendar_not_writable"


def test_settings_that_are_not_named_stay_and_every_change_raises_the_version():
    """By the version, somebody who saw older settings is refused."""
    life = Life(calendars=("team",))
    life.set(imports={"mode": "full"}, show_events=True)
    changed = life.set(exports={"reminder": 15})
    same = life.set(exports={"reminder": 15})

    assert (changed.settings.imports.mode, changed.settings.show_events) == ("full", True)
    assert changed.settings.exports.reminder == 15
    assert (changed.settings.version, same.settings.version) == (3, 3)
    assert life.set(calendars={TEAM: CalendarUse.IMPORT}).settings.version == 4
    with pytest.raises(StaleVersion):
        change_settings(
            life.ports,
            tenant=life.tenant,
            connection=life.connection_id,
            settings={"show_events": False},
            condition=Condition(frozenset({"3"})),
        )


def test_settings_of_a_disconnected_connection_cannot_be_changed():
    """Only the receipt is left of it."""
    life = synchronised()
    life.disconnect()

    with pytest.raises(Rejected):
        life.set(show_events=True)


@pytest.mark.parametrize("page", [1, 2, 3])
def test_settings_that_change_during_a_listing_apply_to_all_of_it(page):
    """F25: a chunk that began under the old settings stores nothing that the new ones forbid."""
    life = Life(calendars=("team",))
    life.set(imports={"mode": "full"})
    life.fill(600)
    life.start_sync()
    reached = 0

    class Changing:
        """Changes the settings while a page is being read."""

        def __getattr__(self, name):
            return getattr(real, name)

        def changes(self, *args, **named):
            nonlocal reached
            reached += 1
            found = real.changes(*args, **named)
            if reached == page:
                life.set(imports={"mode": "times"})
            return found

    provider = life.ports.providers[life.connection.provider]
    real = provider.calendar
    ports = replace(life.ports, providers={life.connection.provider: replace(provider, calendar=Changing())})
    list_calendar(ports, life.connection, life.key, cause="test")
    life.drain()
    life.advance(minutes=2)

    assert len(life.imported()) == 600
    assert {event.title for event in life.imported()} == {None}
    assert list_calendar(life.ports, life.connection, life.key, cause="test") is ListingProgress.DONE
