"""Prints the table of docs/scaling.md."""

from __future__ import annotations

import sys

from bench.capacity.model import FREE_CALLS_PER_DAY, Installation

SIZES = (10, 100, 1_000, 5_000, 10_000, 100_000, 1_000_000)
HEAD = (
    "connections",
    "pushes/day",
    "polled every",
    "tasks/s at peak",
    "provider calls/min at peak",
    "of the free calls/day",
    "projects",
    "sync queues",
    "busy instances",
    "US$/month",
)


def row(connections: int) -> tuple[str, ...]:
    """One line of the table."""
    made = Installation(connections)
    return (
        f"{connections:,}",
        f"{made.load.pushes:,.0f}",
        f"{made.poll_minutes:,.0f} min",
        f"{made.load.tasks * made.habits.peak / 86_400:,.1f}",
        f"{made.calls_per_minute:,.0f}",
        f"{made.load.provider_calls / FREE_CALLS_PER_DAY:,.0%}",
        f"{made.projects:,}",
        f"{made.queues:,}",
        f"{made.busy_instances:,.1f}",
        f"{sum(made.cost.values()):,.0f}",
    )


def table() -> str:
    """The table as Markdown."""
    lines = [HEAD, tuple("--:" for _ in HEAD), *map(row, SIZES)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
