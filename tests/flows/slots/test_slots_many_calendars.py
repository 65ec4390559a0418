"""Live questions to several calendars of one account: batches, pages, refreshed tokens, single failures."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from common.domain.calendar.connection import CalendarUse, Connection
from common.domain.calendar.interval import Interval
from common.errors import SyncError
from common.ports import Ports
from common.ports.provider import BusyPage, BusyRequest
from tests.flows.setups.booking_setup import ACCOUNT, enter, shop, slots, starts, synchronised
from tests.world import World

NAMES = ("Team", "Family", "Sport")


class Batched:
    """The Google adapter, asked for three calendars in one exchange, as Microsoft's takes them."""

    busy_batch = 3

    def __init__(self, calendar: Any) -> None:
        self._calendar = calendar
        self.asked: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._calendar, name)

    def busy(
        self, token: str, requests: Sequence[BusyRequest], window: Interval, **asked: Any
    ) -> tuple[BusyPage | SyncError, ...]:
        self.asked.append(len(requests))
        answers: tuple[BusyPage | SyncError, ...] = self._calendar.busy(token, requests, window, **asked)
        return answers


def batched(ports: Ports) -> Ports:
    (kind, provider), *_ = ports.providers.items()
    calendar: Any = Batched(provider.calendar)
    return replace(ports, providers={kind: replace(provider, calendar=calendar)})


def household(**made: Any) -> tuple[World, Connection, list[str]]:
    """Anna with four calendars, all switched on."""
    world, _ = shop(**made)
    calendars = [world.google.admin.add_calendar(ACCOUNT, name) for name in NAMES]
    listed = world.connect()
    everything = {key: replace(entry, use=CalendarUse.IMPORT) for key, entry in listed.calendars.items()}
    connection = world.ports.connections.save(replace(synchronised(world, listed), calendars=everything))
    return world, connection, calendars


def states(world: World) -> list[str]:
    return sorted(line.state for line in slots(world).calendars)


def refreshes(world: World) -> int:
    return sum(call["method"] == "oauth.token" for call in world.google.admin.calls())


@pytest.mark.pitfall(3)
def test_calendars_are_asked_in_the_providers_batches() -> None:
    """Pitfall 3: four calendars are two exchanges where three fit into one."""
    world, _, _ = household(wrap=batched)
    enter(world, "09:00", "12:00")
    found = starts(slots(world))
    calendar: Any = next(iter(world.ports.providers.values())).calendar

    assert (found[0], sorted(calendar.asked)) == ("13:00", [1, 3])


@pytest.mark.pitfall(14)
def test_every_calendar_of_a_batch_is_followed_to_its_own_end() -> None:
    """Pitfall 14: only the calendar with a second page is asked again."""
    world, _, calendars = household(wrap=batched)
    enter(world, "09:00", "12:00", calendar=calendars[1])
    world.google.inspect.add_fault("page", method="events.list", calendar=calendars[1], page="empty")
    found = starts(slots(world))
    calendar: Any = next(iter(world.ports.providers.values())).calendar

    assert (found[0], sorted(calendar.asked)) == ("13:00", [1, 1, 3])


@pytest.mark.pitfall(1)
def test_one_calendar_of_a_batch_that_fails_is_unknown_alone() -> None:
    """Pitfall 1: a failed part of a batch says nothing about the others, and is not free."""
    world, _, calendars = household(wrap=batched)
    world.google.inspect.add_fault("status", method="events.list", calendar=calendars[0], times=0, status=500)

    assert states(world) == ["known", "known", "known", "unknown"]
    assert starts(slots(world)) == []


@pytest.mark.pitfall(1)
def test_pages_without_end_are_unknown() -> None:
    """Pitfall 1: a chain that leads in a circle is given up."""
    world, _, calendars = household()
    world.google.inspect.add_fault("page", method="events.list", calendar=calendars[0], times=0, page="loop")

    assert states(world) == ["known", "known", "known", "unknown"]


@pytest.mark.pitfall(24)
def test_a_calendar_that_was_deleted_is_unknown_until_its_owner_decides() -> None:
    """Pitfall 24: a busy calendar that is gone is not silently free."""
    world, _, calendars = household()
    world.google.admin.remove_calendar(calendars[2])

    assert states(world) == ["known", "known", "known", "unknown"]


@pytest.mark.pitfall(19)
def test_an_expired_token_is_refreshed_once_for_all_calendars() -> None:
    """Pitfall 19: four questions at the same moment need one refresh, and none of them fails."""
    world, _, _ = household()
    world.clock.advance_to(world.clock.now().replace(hour=14))
    world.google.admin.clear_logs()

    assert states(world) == ["known"] * 4
    assert refreshes(world) == 1


@pytest.mark.pitfall(19)
def test_a_token_that_is_refused_early_is_refreshed_too() -> None:
    """Pitfall 19: a token that looks alive and is not leads to one forced refresh, not to a dead grant."""
    world, connection, _ = household()
    world.google.admin.expire_access_tokens(ACCOUNT)

    assert states(world) == ["known"] * 4
    assert world.ports.connections.get("t1", connection.id).status == "active"


@pytest.mark.pitfall(20)
def test_at_most_four_questions_of_an_account_are_in_flight() -> None:
    """Pitfall 20: more than four at a time are refused by some providers, so the rest waits its turn."""
    world, _ = shop()
    for number in range(8):
        world.google.admin.add_calendar(ACCOUNT, f"c{number}")
    listed = world.connect()
    everything = {key: replace(entry, use=CalendarUse.IMPORT) for key, entry in listed.calendars.items()}
    world.ports.connections.save(replace(synchronised(world, listed), calendars=everything))
    flying = Flying()
    (kind, provider), *_ = world.ports.providers.items()
    counted: Any = Counted(provider.calendar, flying)
    world.ports = replace(world.ports, providers={kind: replace(provider, calendar=counted)})
    world.google.inspect.add_fault("slow", method="events.list", times=0, seconds=0.03)

    assert (len(slots(world).calendars), flying.most <= 4, flying.most >= 2) == (9, True, True)


class Flying:
    """How many are under way, and how many ever were at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now = self.most = 0

    def __enter__(self) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.now -= 1


class Counted(Batched):
    """Counts the live questions in flight."""

    busy_batch = 1

    def __init__(self, calendar: Any, flying: Flying) -> None:
        super().__init__(calendar)
        self._flying = flying

    def busy(
        self, token: str, requests: Sequence[BusyRequest], window: Interval, **asked: Any
    ) -> tuple[BusyPage | SyncError, ...]:
        with self._flying:
            return super().busy(token, requests, window, **asked)
