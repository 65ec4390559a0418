"""Measures how long a new booking waits for its event while 2,000 older ones are exported."""

from __future__ import annotations

from importlib import import_module

from bench.report import Row, at_most, shown
from common.domain.calendar.connection import ProviderKind

MOST_SECONDS = 10
BOOKINGS, FEW_BOOKINGS = 2_000, 300


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of all topics
    """Measure both providers at their real limits on a virtual clock: the same numbers everywhere."""
    number = FEW_BOOKINGS if quick else BOOKINGS
    return [row for kind in ProviderKind for row in _measured(kind, number)]


def _measured(kind: ProviderKind, number: int) -> list[Row]:
    # The set-up of the tests, which is not typed.
    setup = import_module("tests.flows.setups.backfill_setup")
    found = setup.BackfillWorld(kind, bookings=number).run_all()
    waited = sorted(found.waited)
    return [
        at_most(
            "export",
            f"{kind.value}: new booking exported during a back-fill of {number:,}, simulated s",
            waited[-1],
            MOST_SECONDS,
            median_s=waited[len(waited) // 2],
            new_bookings=len(waited),
        ),
        shown(
            "export",
            f"{kind.value}: back-fill of {number:,} bookings, calls a booking",
            found.calls / found.exported,
            simulated_s=found.seconds,
            tasks=found.tasks,
            refused=found.refused,
        ),
    ]
