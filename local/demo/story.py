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

from local.demo.book import book
from local.demo.checks import Unmet, same
from local.demo.connect import connect, preview
from local.demo.faults import forgotten, throttled
from local.demo.first_sync import first_sync
from local.demo.front_end import FrontEnd
from local.demo.goodbye import goodbye
from local.demo.google import Google
from local.demo.live import live
from local.demo.opening import opening
from local.demo.owner import owner
from local.demo.plan import ACCOUNT, TENANT, ZONE, Plan
from local.demo.scene import Scene
from local.demo.terminal import Terminal
from local.firestore_emulator import EmulatorError
from local.stack import Options, Stack
from local.tokens import staff_token

BREAKAGES = ("pushes", "exports")
"""What can be broken on purpose, to see that the demo notices."""

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
            show.chapter(f"FAILED: {error}")
            _quote(show, log)
            return 1
    show.chapter(f"Every check held. The story took {seconds:.1f} seconds.")
    return 0


def _told(show: Terminal, log: TextIO, broken: str) -> float:
    started = time.monotonic()
    with ExitStack() as parts:
        stack = parts.enter_context(Stack(Options(log=log, extra=_TUNING, say=show.note)))
        store = "Google's Firestore emulator" if stack.addresses.firestore else "the in-memory store"
        show.done(f"Slotbridge, Cloud Tasks, a simulated Google and {store} run", time.monotonic() - started)
        scene = parts.enter_context(_scene(stack, show))
        opening(scene)
        begun = time.monotonic()
        _chapters(scene, broken)
        same("errors in the functions' log", expected=[], actual=_lines(log, {"ERROR"}))
        return time.monotonic() - begun


def _chapters(scene: Scene, broken: str) -> None:
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


@contextmanager
def _scene(stack: Stack, show: Terminal) -> Iterator[Scene]:
    where = stack.addresses
    token = staff_token(where.issuer, tenant=TENANT, role="owner")
    with (
        FrontEnd(where.functions, token=token) as boss,
        FrontEnd(where.functions) as customer,
        Google(where.google, account=ACCOUNT, zone=ZONE) as side,
    ):
        yield Scene(
            show=show,
            plan=Plan.of(datetime.now(UTC)),
            base=where.functions,
            owner=boss,
            customer=customer,
            side=side,
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
