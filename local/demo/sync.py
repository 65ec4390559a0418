"""The first synchronisation, an event that its owner enters and deletes, and sync tokens that expire."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from local.demo.checks import CheckFailed, check, check_equal, wait_until
from local.demo.connection import DemoConnection
from local.demo.plan import DELETED_EVENT, ZONE
from local.demo.provider_account import Entry

_MAX_SECONDS = 60.0
_END_PHASES = {"done", "failed", "cancelled"}
_TAKEN = ["15:00", "15:30"]
_GONE = 410


def first_sync(connection: DemoConnection) -> None:
    """Run the first synchronisation to its end and compare both sides: events imported, bookings exported."""
    connection.terminal.chapter(f"The first synchronisation with {connection.provider.name}")
    copies = connection.plan.copies * len(connection.keys)
    with connection.terminal.step(
        f"{copies:,} events come in, {len(connection.bookings)} bookings go out, chunk by chunk as tasks"
    ):
        connection.owner.post(f"{connection.path}/sync")
        end = wait_until(
            "the first synchronisation ends",
            lambda: _show_progress(connection),
            seconds=_MAX_SECONDS,
            every=0.5,
        )
        check_equal(
            "the phase and error at the end", expected=("done", None), actual=(end["phase"], end["error"])
        )
        check_equal("bookings that could not be exported", expected=0, actual=end["failed"])
    with connection.terminal.step(
        f"all {len(connection.bookings)} bookings are in her {connection.provider.name} calendar, "
        "each once, at its time"
    ):
        connection.check_exported_bookings()
    with connection.terminal.step(
        f"her {connection.plan.account.count_in_words} calendars block exactly the time that they call busy"
    ) as notes:
        connection.check_copies()
        for name in connection.keys:
            check_equal(
                f"copies of {name}", expected=connection.plan.copies, actual=len(connection.imported(name))
            )
        notes.append(_check_daylight_saving(connection))
    check_equal("messages to customers", expected=0, actual=connection.provider.mails())
    check_equal("push channels", expected=len(connection.keys), actual=connection.provider.channels())
    connection.terminal.note(
        f"{connection.provider.name} mailed nobody, and watches {len(connection.keys)} calendars"
    )


def _show_progress(connection: DemoConnection) -> dict[str, Any]:
    found: dict[str, Any] = connection.owner.get(f"{connection.path}/progress")
    phase = str(found["phase"])
    connection.terminal.progress(found["done"], found["total"], found["percentage"], phase)
    if phase not in _END_PHASES:
        raise CheckFailed(f"{phase}, {found['percentage']} %, waiting until {found['waiting_until']}")
    return found


def _check_daylight_saving(connection: DemoConnection) -> str:
    """Check that weekly events keep their local time across a change to or from daylight saving."""
    place, clock = ZoneInfo(ZONE), time(16)
    starts = [datetime.fromisoformat(event["start"]) for event in connection.imported(connection.plan.own)]
    weekly = [start for start in starts if start.astimezone(place).time() == clock]
    hours = sorted({start.astimezone(UTC).hour for start in weekly})
    check("the weekly events cross a change of clocks", holds=len(hours) == 2, because=hours)
    first, last = (f"{hour:02}:00" for hour in hours)
    return f"{len(weekly)} weekly events stay at 16:00 through the change of clocks: {last} UTC, {first} UTC"


def enter_and_delete_event(connection: DemoConnection) -> None:
    """The owner enters an event, which takes its time from the slots, and deletes it again."""
    terminal, name = connection.terminal, connection.provider.name
    terminal.chapter(f"{connection.person_name} enters an event in {name}")
    day = connection.plan.at(2, time(15))
    before, family = connection.slots(day), connection.plan.family
    check("15:00 and 15:30 are offered before", holds=set(_TAKEN) <= set(before), because=before)
    entry = Entry("Parents' evening", day, timedelta(hours=1))
    with terminal.step(
        "Wednesday 15:00 to 16:00, in her family calendar: the times are gone from the slots"
    ) as notes:
        pushes = connection.provider.pushes(family)
        connection.provider.enter(family, entry)
        after = wait_until("the slots make room", lambda: _slots_without(connection, _TAKEN))
        check_equal(
            "the slots that are left", expected=[slot for slot in before if slot not in _TAKEN], actual=after
        )
        notes.append("calendars are asked live; an answer is shared for three seconds at most")
    with terminal.step(f"{name}'s push message arrives, and the event is copied with its title"):
        wait_until("a push message is delivered", lambda: connection.provider.pushes(family) > pushes)
        wait_until("the event is copied", lambda: _is_copied(connection, entry.title))
        wait_until("the copies are true", connection.check_copies)
    with terminal.step("she deletes it: the copy goes, and the times are offered again"):
        connection.provider.remove(family, entry.title)
        wait_until("the copy goes", lambda: not _is_copied(connection, entry.title))
        wait_until("the times come back", lambda: connection.slots(day) == before)


def _slots_without(connection: DemoConnection, taken: list[str]) -> list[str] | None:
    found = connection.slots(connection.plan.at(2, time(15)))
    return None if set(taken) & set(found) else found


def _is_copied(connection: DemoConnection, title: str) -> bool:
    return any(event["title"] == title for event in connection.imported(connection.plan.family))


def expire_sync_tokens(connection: DemoConnection) -> None:
    """The provider refuses all sync tokens (410), so the calendars are listed from the start and compared."""
    provider, terminal = connection.provider, connection.terminal
    terminal.chapter(f"{provider.name} has a bad day")
    day = connection.plan.at(4, time(15))
    with terminal.step(
        "every sync token expires (410) while she enters one event and deletes another"
    ) as notes:
        check_equal("the event before", expected=True, actual=DELETED_EVENT in _titles(connection))
        provider.expire_sync_tokens()
        provider.remove(connection.plan.clashing, DELETED_EVENT)
        provider.enter(connection.plan.clashing, Entry("Came instead", day, timedelta(minutes=30)))
        wait_until(
            "the fresh listing is in",
            lambda: _titles(connection) >= {"Came instead"} and connection.check_copies(),
        )
        check_equal("the cancelled event", expected=False, actual=DELETED_EVENT in _titles(connection))
        check("the provider answered 410", holds=provider.count_answers(_GONE) > 0)
        notes.append(
            f"{provider.count_answers(_GONE)} x 410, then listed afresh: nothing lost, nothing doubled"
        )


def _titles(connection: DemoConnection) -> set[str]:
    return {str(event["title"]) for event in connection.imported(connection.plan.clashing)}
