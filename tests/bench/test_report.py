"""What the benchmarks share: rows, table, JSON file, the order of measuring, and the baselines' lock file."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path

from bench.measure import ratio, side_by_side
from bench.report import at_least, at_most, document, shown, summary, table

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / "requirements" / name).read_text()))


def test_a_row_is_met_at_its_limit_and_not_beyond() -> None:
    """A measured value equal to the limit meets the target, for upper and lower limits."""
    assert at_least("slots", "faster", 3.0, 3).met
    assert not at_least("slots", "faster", 2.99, 3).met
    assert at_most("slots", "growth", 1.4, 1.4).met
    assert not at_most("slots", "growth", 1.41, 1.4).met


def test_the_table_shows_target_measured_value_and_whether_it_is_met() -> None:
    """A missed target says NO in the table, and the summary names it."""
    rows = [at_least("slots", "faster", 2.0, 3, ours_ms=0.2), shown("cost", "reads", 1200)]

    written = table(rows)

    assert "| slots | faster | ≥ 3    |        2 | NO  | ours ms 0.2 |" in written
    assert "| cost  | reads  | -      |    1,200 | -   |" in written
    assert summary(rows) == "0 of 1 targets are met; not met: slots: faster.\n"


def test_the_json_file_holds_every_row() -> None:
    """The JSON file has all fields of every row, and the kind of machine."""
    written = json.loads(document([at_most("slots", "growth", 1.1, 1.4, small_ms=0.1)], quick=True))

    assert written["quick"] is True
    assert written["machine"]["cpus"] >= 1
    assert written["rows"] == [
        {
            "topic": "slots",
            "name": "growth",
            "target": "≤ 1.4",
            "measured": 1.1,
            "met": True,
            "extra": {"small_ms": 0.1},
        }
    ]


def test_all_candidates_are_measured_equally_often_and_each_begins_once() -> None:
    """Rounds are interleaved and their order rotates, so that no candidate always has the warm machine."""
    turns: list[str] = []
    candidates = {name: (lambda name=name: turns.append(name)) for name in ("one", "two", "three")}

    timings = side_by_side(candidates, rounds=3, calls={"one": 1, "two": 2, "three": 1})

    assert turns == ["one", "two", "two", "three", "two", "two", "three", "one", "three", "one", "two", "two"]
    assert {name: len(timing.cpu) for name, timing in timings.items()} == {"one": 3, "two": 3, "three": 3}
    assert ratio(timings["one"], timings["one"]) == 1


def test_the_baselines_change_no_locked_version() -> None:
    """The lock file with the baselines has the same versions as the one without."""
    dev, bench = pins("dev.lock"), pins("bench.lock")
    shared = dev.keys() & bench.keys()

    assert {"django-appointment", "intervaltree", "portion", "timegrid"} <= bench.keys()
    assert len(shared) > 50
    assert {name: bench[name] for name in shared} == {name: dev[name] for name in shared}


def test_the_set_ups_that_the_bench_shares_with_the_tests_exist() -> None:
    """The bench imports them by name, so that a move of a file would be noticed only when it runs."""
    names = {
        name
        for path in (ROOT / "bench").rglob("*.py")
        for name in re.findall(r'"(tests\.[a-z_.]+)"', path.read_text())
    }

    assert len(names) >= 4
    assert [] == [name for name in sorted(names) if find_spec(name) is None]
