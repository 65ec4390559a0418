"""The picture of the documentation and the run that it was drawn from."""

from __future__ import annotations

import json
from pathlib import Path

from bench.plot import lines, svg

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_picture_is_drawn_from_the_run_beside_it() -> None:
    """Nobody changes one without the other: ``python -m bench.plot`` makes the picture anew."""
    told = json.loads((DOCS / "performance.json").read_text())

    assert (DOCS / "performance-slots.svg").read_text() == svg(lines(told["rows"]))


def test_the_run_was_no_quick_one_and_tells_nothing_of_a_machine_but_its_kind() -> None:
    """Rough ratios are for whoever changes the bench; the machine is told in general terms."""
    told = json.loads((DOCS / "performance.json").read_text())

    assert told["quick"] is False
    assert {"cpus", "architecture", "system", "python"} == set(told["machine"])


def test_more_busy_times_lie_further_right() -> None:
    """Each rival is a line over the sizes, in their order, whatever the order of the rows."""
    rows = [
        {"name": f"w4_{size}: times faster", "extra": {"slotbridge_ms": size / 100, "other_ms": size / 10}}
        for size in (500, 50)
    ]

    assert {"slotbridge": [(50.0, 0.5), (500.0, 5.0)], "other": [(50.0, 5.0), (500.0, 50.0)]} == lines(rows)
