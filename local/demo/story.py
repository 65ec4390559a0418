"""Tells the whole story once: starts everything, plays the chapters, and says whether every check held."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from local.demo.back_door import BackDoor
from local.demo.book import book
from local.demo.both import both
from local.demo.calendars import Calendars, Span
from local.demo.checks import Unmet, same
from local.demo.connect import connect, preview
from local.demo.faults import forgotten, throttled
from local.demo.first_sync import first_sync
from local.demo.front_end import FrontEnd
from local.demo.goodbye import goodbye
from local.demo.google import Google
from local.demo.live import live
from local.demo.opening import opening
from local.demo.outlook import Outlook
from local.demo.owner import owner
from local.demo.plan import (
    ANNA,
    ANNAS,
    BEA,
    BEAS,
    CLARA,
    CLARAS,
    CLARAS_OTHER,
    OUTLOOK_ZONE,
    TENANT,
    ZONE,
    Account,
    Person,
    Plan,
)
from local.demo.scene import Scene
from local.demo.seats import seats
from local.demo.terminal import Terminal
from local.firestore_emulator import EmulatorError
from local.stack import Options, Stack
from local.staff_tokens import staff_token

BREAKAGES = ("pushes", "exports", "outlook-pushes", "outlook-exports")
"""What can be broken on purpose, to see that the demo notices; whose part it is in is told first."""

_LAST_LINES = 12
# The simulated account has no quota of its own; a real one allows 600 calls a minute.
_TUNING = {"GOOGLE_USER_PER_MINUTE": "60000", "GOOGLE_PROJECT_PER_MINUTE": "1000000"}


def tell(*, broken: str = "", log_file: Path | None = None) -> int:
    """Tell the story; 0 only if every check held. The functions' log is kept where a file is named."""
    show = Terminal()
    with log_file.open("w+") if log_file else tempfile.TemporaryFile("w+") as log:
        try:
            seconds = _told(show, log, broken)
        except (Unmet, EmulatorError, OSError) as error:
            show.part(f"FAILED: {error}")
            _quote(show, log)
            return 1
    show.part(f"Every check held. The story took {seconds:.1f} seconds.")
    return 0


def _told(show: Terminal, log: TextIO, broken: str) -> float:
    started = time.monotonic()
    with ExitStack() as parts:
        stack = parts.enter_context(Stack(Options(log=log, extra=_TUNING, say=show.note)))
        store = "Google's Firestore emulator" if stack.addresses.firestore else "the in-memory store"
        what = f"Slotbridge, Cloud Tasks, a simulated Google, a simulated Microsoft and {store} run"
        show.done(what, time.monotonic() - started)
        anna, bea, *clara = parts.enter_context(_cast(stack, show))
        opening((anna, bea, *clara))
        begun = time.monotonic()
        side, _, what_breaks = broken.rpartition("-")
        for person in (bea, anna) if side else (anna, bea):
            _alone(person, what_breaks if person is (bea if side else anna) else "")
        _together(*clara)
        same("errors in the functions' log", expected=[], actual=_lines(log, {"ERROR"}))
        return time.monotonic() - begun


def _alone(scene: Scene, broken: str = "") -> None:
    scene.show.part(f"{scene.who} and {scene.side.name}")
    connect(scene)
    preview(scene)
    if broken == "exports":
        scene.side.refuse_writes()
    first_sync(scene)
    if broken == "pushes":
        scene.side.lose_pushes()
    live(scene)
    owner(scene, book(scene))
    forgotten(scene)
    throttled(scene)
    goodbye(scene)


def _together(first: Scene, second: Scene) -> None:
    first.show.part(f"{first.who}, {first.side.name} and {second.side.name} at once")
    for chapter in (connect, first_sync):
        for scene in (first, second):
            chapter(scene)
    both(first, second)
    seats(first, second)
    for scene in (first, second):
        goodbye(scene)


@contextmanager
def _cast(stack: Stack, show: Terminal) -> Iterator[tuple[Scene, ...]]:
    where, now = stack.addresses, datetime.now(UTC)
    token = staff_token(where.issuer, tenant=TENANT, role="owner")
    with (
        FrontEnd(where.functions, token=token) as boss,
        FrontEnd(where.functions) as customer,
        BackDoor(where.google, "Google") as google,
        BackDoor(where.microsoft, "Microsoft") as microsoft,
    ):

        def scene(person: Person, account: Account, side: Calendars, bookings: dict[str, Span]) -> Scene:
            plan = Plan.of(now, person, account)
            return Scene(show, plan, where.functions, boss, customer, side, bookings=bookings)

        def outlook(account: Account) -> Outlook:
            return Outlook(microsoft, account=account.address, zone=OUTLOOK_ZONE, personal=account.personal)

        shared: dict[str, Span] = {}
        yield (
            scene(ANNA, ANNAS, Google(google, account=ANNAS.address, zone=ZONE), {}),
            scene(BEA, BEAS, outlook(BEAS), {}),
            scene(CLARA, CLARAS, Google(google, account=CLARAS.address, zone=ZONE), shared),
            scene(CLARA, CLARAS_OTHER, outlook(CLARAS_OTHER), shared),
        )


def _quote(show: Terminal, log: TextIO) -> None:
    lines = _lines(log, {"ERROR", "WARNING"})
    show.note(f"warnings and errors in the functions' log: {len(lines)}")
    for line in lines[-_LAST_LINES:]:
        show.note(line)


def _lines(log: TextIO, severities: set[str]) -> list[str]:
    log.flush()
    log.seek(0)
    try:
        return [line.strip() for line in log if json.loads(line)["severity"] in severities]
    finally:
        log.seek(0, 2)
