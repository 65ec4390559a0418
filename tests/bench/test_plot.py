"""The chart of the documentation and the run that it was drawn from."""

from __future__ import annotations

import json
from pathlib import Path

from bench.slots.plot import lines, svg

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_chart_is_drawn_from_the_checked_in_run() -> None:
    """The checked-in chart is what ``python -m bench.slots.plot`` draws from the checked-in run."""
    run = json.loads((DOCS / "performance.json").read_text())

    assert (DOCS / "performance-slots.svg").read_text() == svg(lines(run["rows"]))


def test_the_checked_in_run_is_a_full_one_and_names_only_the_kind_of_machine() -> None:
    """A quick run has rough ratios only; of the machine nothing but general terms is published."""
    run = json.loads((DOCS / "performance.json").read_text())

    assert run["quick"] is False
    assert {"cpus", "architecture", "system", "python"} == set(run["machine"])


def test_more_busy_times_lie_further_right() -> None:
    """Each line is sorted by the number of busy times, whatever the order of the rows."""
    rows = [
        {"name": f"w4_{size}: times faster", "extra": {"slotbridge_ms": size / 100, "other_ms": size / 10}}
        for size in (500, 50)
    ]

    assert {"slotbridge": [(50.0, 0.5), (500.0, 5.0)], "other": [(50.0, 5.0), (500.0, 50.0)]} == lines(rows)
