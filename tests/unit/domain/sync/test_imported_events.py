"""What is kept of an imported event, and which calendars are imported."""

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
from common.domain.calendar.event import Detail, ExternalEvent, Kind, Response, ShowAs
from common.domain.connect.settings import (
    BusyRules,
    ExportSettings,
    ImportMode,
    ImportSettings,
    PrivateMode,
    Settings,
)
from common.domain.sync.followed_calendars import SyncPurpose, export_target, purpose_of
from common.domain.sync.import_privacy import requested_detail
from common.domain.sync.imported_events import EventCopier, fields_version
from common.domain.sync.windows import import_window

NOW = datetime(2027, 3, 22, 8, tzinfo=UTC)
WINDOW = import_window(NOW)
EVENT = ExternalEvent(
    id="e",
    kind=Kind.SINGLE,
    start=NOW + timedelta(hours=1),
    end=NOW + timedelta(hours=2),
    title="secret",
    description="more",
)


def copy(event, mode="times", private="times", **busy):
    settings = ImportSettings(mode=ImportMode(mode), private=PrivateMode(private), busy=BusyRules(**busy))
    return EventCopier(settings, 3, WINDOW).copy(event)


@pytest.mark.pitfall(25)
@pytest.mark.parametrize(
    ("mode", "private", "plain", "hidden"),
    [
        ("full", "full", "secret", "secret"),
        ("full", "times", "secret", None),
        ("full", "none", "secret", "nothing"),
        ("times", "full", None, None),
        ("times", "times", None, None),
        ("times", "none", None, "nothing"),
    ],
)
def test_texts_are_kept_only_where_the_modes_allow_them(mode, private, plain, hidden):
    """Pitfall 25: a private event follows its own mode, and never gets more than the general one."""
    secret = copy(EVENT._replace(private=True), mode, private)

    assert plain == copy(EVENT, mode, private).title
    assert hidden == (secret.title if secret else "nothing")


def test_a_copy_keeps_what_is_needed():
    """Identity, times, what it does, and the listing that saw it."""
    found = copy(EVENT)

    assert ("e", "e", EVENT.span, 3) == (found.key, found.unit, found.interval, found.generation)
    assert (True, False, False, False) == (found.blocks, found.free, found.private, found.all_day)


@pytest.mark.pitfall(14)
def test_occurrences_are_known_by_series_and_original_start():
    """Pitfall 14: a moved occurrence stays the same entry of its series."""
    occurrence = EVENT._replace(kind=Kind.OCCURRENCE, series_id="s", original_start="20270322T090000Z")

    assert ("s", "s#20270322T090000Z") == (copy(occurrence).unit, copy(occurrence).key)


@pytest.mark.parametrize(
    "event",
    [
        EVENT._replace(response=Response.DECLINED),
        EVENT._replace(cancelled=True),
        EVENT._replace(end=EVENT.start),
        EVENT._replace(start=NOW - timedelta(days=9), end=NOW - timedelta(days=8)),
    ],
)
def test_events_that_take_no_time_are_not_kept(event):
    """Declined, cancelled, without length, or past the window."""
    assert copy(event) is None


def test_equal_events_are_kept_or_dropped_by_their_own_length():
    """One without length is dropped; an event that is equal otherwise is kept, in either order."""
    copier = EventCopier(ImportSettings(), 3, WINDOW)

    assert copier.copy(EVENT._replace(end=EVENT.start)) is None
    assert copier.copy(EVENT).blocks
    assert copier.copy(EVENT._replace(private=True)).private
    assert not copier.copy(EVENT._replace(id="other")).private


def test_long_texts_are_cut():
    """A week's events share a document; the rest of a text is at the provider."""
    found = copy(EVENT._replace(title="t" * 400, description="d" * 2000), "full")

    assert (300, 1500) == (len(found.title), len(found.description))


def test_no_text_is_shown_where_an_event_is_printed():
    """An event that is logged by mistake shows no title or description."""
    assert "secret" not in repr(copy(EVENT, "full"))
    assert "more" not in repr(copy(EVENT, "full"))


def test_free_events_are_kept_and_do_not_block():
    """They are shown, and offer time where the resource uses the calendar's free times."""
    found = copy(EVENT._replace(show_as=ShowAs.FREE))

    assert (False, True) == (found.blocks, found.free)


@pytest.mark.pitfall(25)
def test_texts_are_not_even_asked_for_where_none_may_be_kept():
    """Pitfall 25: time-only asks for times only, whatever the mode for private events."""
    assert Detail.FULL is requested_detail(ImportSettings(mode=ImportMode.FULL))
    assert Detail.TIMES is requested_detail(ImportSettings(mode=ImportMode.TIMES, private=PrivateMode.FULL))


def test_every_choice_that_changes_the_copies_has_its_own_version():
    """Another version makes a new listing, so that old copies do not keep old rules."""
    choices = [
        ImportSettings(),
        ImportSettings(mode=ImportMode.FULL),
        ImportSettings(private=PrivateMode.NONE),
        ImportSettings(busy=BusyRules(focus_time=False)),
    ]

    assert len(choices) == len({fields_version(choice) for choice in choices})
    assert fields_version(ImportSettings()) == fields_version(ImportSettings())


def connection(**exports):
    def entry(key, **parts):
        return CalendarEntry(key=key, provider_id=key, name=key, zone=None, role=AccessRole.OWNER, **parts)

    return Connection(
        id="c",
        tenant="t",
        resource="r",
        provider=ProviderKind.GOOGLE,
        account="a@example.com",
        status=Status.ACTIVE,
        created_at=NOW,
        settings=Settings(exports=ExportSettings(**exports)),
        calendars={
            "home": entry("home", primary=True, use=CalendarUse.IMPORT),
            "work": entry("work", use=CalendarUse.IMPORT),
            "off": entry("off"),
        },
    )


@pytest.mark.parametrize(
    ("found", "key", "why"),
    [
        (connection(), "home", SyncPurpose(imports=True, own=True)),
        (connection(), "work", SyncPurpose(imports=True, own=False)),
        (connection(), "off", SyncPurpose(imports=False, own=False)),
        (connection(target="off"), "off", SyncPurpose(imports=False, own=True)),
        (connection(target="off"), "home", SyncPurpose(imports=True, own=False)),
        (connection(on=False), "home", SyncPurpose(imports=True, own=False)),
        (connection(), "unknown", SyncPurpose(imports=False, own=False)),
    ],
)
def test_a_calendar_is_read_for_its_events_or_for_our_exports(found, key, why):
    """A target calendar is followed although nothing is imported from it."""
    assert why == purpose_of(found, key)


def test_the_dedicated_calendar_is_followed_and_not_imported():
    """What Slotbridge made for its exports holds nothing of the owner's."""
    found = replace(connection(dedicated=True), dedicated_calendar="work")

    assert SyncPurpose(imports=False, own=True) == purpose_of(found, "work")
    assert SyncPurpose(imports=True, own=False) == purpose_of(found, "home")


def test_nothing_is_read_without_a_usable_grant():
    """A dead or ending connection asks nobody."""
    for status in (Status.REAUTH_REQUIRED, Status.DISCONNECTING, Status.DISCONNECTED):
        assert not purpose_of(replace(connection(), status=status), "home").any


def test_the_default_calendar_is_the_target_unless_chosen_otherwise():
    """A chosen calendar that is not there is no target at all."""
    targets = [export_target(connection()), export_target(connection(target="work"))]

    assert ["home", "work"] == [target.key for target in targets]
    assert export_target(connection(target="gone")) is None
    assert export_target(connection(dedicated=True)) is None
