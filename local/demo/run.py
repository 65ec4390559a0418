"""Runs the demonstration: starts the stack, runs the chapters, and reports whether every check held."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from local.demo.booking import book_concurrently, exceed_limits, move_booking
from local.demo.checks import CheckFailed, check_equal
from local.demo.connect import connect, disconnect, preview
from local.demo.connection import DemoConnection
from local.demo.front_end import FrontEnd
from local.demo.google_account import GoogleAccount
from local.demo.outlook_account import OutlookAccount
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
from local.demo.provider_account import ProviderAccount, Span
from local.demo.setup import set_up
from local.demo.shared_class import share_class
from local.demo.simulator_client import SimulatorClient
from local.demo.sync import enter_and_delete_event, expire_sync_tokens, first_sync
from local.demo.terminal import Terminal
from local.demo.two_accounts import use_two_accounts
from local.firestore_emulator import EmulatorError
from local.stack import Options, Stack
from local.staff_tokens import staff_token

_LAST_LINES = 12
# The simulated account has no quota of its own; a real one allows 600 calls a minute.
_TUNING = {"GOOGLE_USER_PER_MINUTE": "60000", "GOOGLE_PROJECT_PER_MINUTE": "1000000"}


def run_demo(*, broken: str = "", log_file: Path | None = None) -> int:
    """Run all chapters and return the exit code: 0 only if every check held.

    Args:
        broken: What is broken on purpose: ``pushes`` or ``exports``, or ``outlook-pushes`` etc.
        log_file: Where the functions' log is kept; by default it is deleted at the end.
    """
    terminal = Terminal()
    with log_file.open("w+") if log_file else tempfile.TemporaryFile("w+") as log:
        try:
            seconds = _run(terminal, log, broken)
        except (CheckFailed, EmulatorError, OSError) as error:
            terminal.part(f"FAILED: {error}")
            _print_log(terminal, log)
            return 1
    terminal.part(f"Every check held. It took {seconds:.1f} seconds.")
    return 0


def _run(terminal: Terminal, log: TextIO, broken: str) -> float:
    started = time.monotonic()
    with ExitStack() as parts:
        stack = parts.enter_context(Stack(Options(log=log, extra=_TUNING, say=terminal.note)))
        store = "Google's Firestore emulator" if stack.addresses.firestore else "the in-memory store"
        what = f"Slotbridge, Cloud Tasks, a simulated Google, a simulated Microsoft and {store} run"
        terminal.done(what, time.monotonic() - started)
        anna, bea, *clara = parts.enter_context(_connections(stack, terminal))
        set_up((anna, bea, *clara))
        begun = time.monotonic()
        with_outlook, _, what_breaks = broken.rpartition("-")
        # The account with the broken part comes first.
        first, second = (bea, anna) if with_outlook else (anna, bea)
        _one_account(first, what_breaks)
        _one_account(second)
        _two_accounts(*clara)
        check_equal("errors in the functions' log", expected=[], actual=_lines(log, {"ERROR"}))
        return time.monotonic() - begun


def _one_account(connection: DemoConnection, broken: str = "") -> None:
    connection.terminal.part(f"{connection.person_name} and {connection.provider.name}")
    connect(connection)
    preview(connection)
    if broken == "exports":
        connection.provider.refuse_writes()
    first_sync(connection)
    if broken == "pushes":
        connection.provider.lose_pushes()
    enter_and_delete_event(connection)
    move_booking(connection, book_concurrently(connection))
    expire_sync_tokens(connection)
    exceed_limits(connection)
    disconnect(connection)


def _two_accounts(first: DemoConnection, second: DemoConnection) -> None:
    first.terminal.part(f"{first.person_name}, {first.provider.name} and {second.provider.name} at once")
    for chapter in (connect, first_sync):
        for connection in (first, second):
            chapter(connection)
    use_two_accounts(first, second)
    share_class(first, second)
    for connection in (first, second):
        disconnect(connection)


@contextmanager
def _connections(stack: Stack, terminal: Terminal) -> Iterator[tuple[DemoConnection, ...]]:
    where, now = stack.addresses, datetime.now(UTC)
    token = staff_token(where.issuer, tenant=TENANT, role="owner")
    with (
        FrontEnd(where.functions, token=token) as owner,
        FrontEnd(where.functions) as customer,
        SimulatorClient(where.google, "Google") as google,
        SimulatorClient(where.microsoft, "Microsoft") as microsoft,
    ):

        def connection(
            person: Person, account: Account, provider: ProviderAccount, bookings: dict[str, Span]
        ) -> DemoConnection:
            plan = Plan.of(now, person, account)
            return DemoConnection(
                terminal, plan, where.functions, owner, customer, provider, bookings=bookings
            )

        def outlook(account: Account) -> OutlookAccount:
            return OutlookAccount(
                microsoft, account=account.address, zone=OUTLOOK_ZONE, personal=account.personal
            )

        shared: dict[str, Span] = {}
        yield (
            connection(ANNA, ANNAS, GoogleAccount(google, account=ANNAS.address, zone=ZONE), {}),
            connection(BEA, BEAS, outlook(BEAS), {}),
            connection(CLARA, CLARAS, GoogleAccount(google, account=CLARAS.address, zone=ZONE), shared),
            connection(CLARA, CLARAS_OTHER, outlook(CLARAS_OTHER), shared),
        )


def _print_log(terminal: Terminal, log: TextIO) -> None:
    lines = _lines(log, {"ERROR", "WARNING"})
    terminal.note(f"warnings and errors in the functions' log: {len(lines)}")
    for line in lines[-_LAST_LINES:]:
        terminal.note(line)


def _lines(log: TextIO, severities: set[str]) -> list[str]:
    log.flush()
    log.seek(0)
    try:
        return [line.strip() for line in log if json.loads(line)["severity"] in severities]
    finally:
        log.seek(0, 2)
