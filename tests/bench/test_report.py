"""The bench's own machinery: rows, the table, the fair turn order, the lock file."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bench.measure import ratio, side_by_side
from bench.report import at_least, at_most, document, shown, summary, table

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / "requirements" / name).read_text()))


def test_a_row_is_met_at_its_limit_and_not_beyond() -> None:
    """A limit is inside its own target, on both sides."""
    assert at_least("slots", "faster", 3.0, 3).met
    assert not at_least("slots", "faster", 2.99, 3).met
    assert at_most("slots", "growth", 1.4, 1.4).met
    assert not at_most("slots", "growth", 1.41, 1.4).met


def test_the_table_shows_what_was_promised_and_what_came_of_it() -> None:
    """A missed target cannot be overlooked: it says NO and the summary names it."""
    rows = [at_least("slots", "faster", 2.0, 3, ours_ms=0.2), shown("cost", "reads", 1200)]

    told = table(rows)

    assert "| slots | faster | ≥ 3    |        2 | NO  | ours ms 0.2 |" in told
    assert "| cost  | reads  | -      |    1,200 | -   |" in told
    assert summary(rows) == "0 of 1 targets are met; not met: slots: faster.\n"


def test_the_file_says_the_same_as_the_table() -> None:
    """The JSON file holds every row whole, and the machine in general terms."""
    told = json.loads(document([at_most("slots", "growth", 1.1, 1.4, small_ms=0.1)], quick=True))

    assert told["quick"] is True
    assert told["machine"]["cpus"] >= 1
    assert told["rows"] == [
        {
            "topic": "slots",
            "name": "growth",
            "target": "≤ 1.4",
            "measured": 1.1,
            "met": True,
            "extra": {"small_ms": 0.1},
        }
    ]


def test_every_rival_has_the_same_number_of_turns_and_each_begins_once() -> None:
    """Rounds are interleaved and their order turns, so that no rival always meets the warm machine."""
    turns: list[str] = []
    rivals = {name: (lambda name=name: turns.append(name)) for name in ("one", "two", "three")}

    timings = side_by_side(rivals, rounds=3, calls={"one": 1, "two": 2, "three": 1})

    assert turns == ["one", "two", "two", "three", "two", "two", "three", "one", "three", "one", "two", "two"]
    assert {name: len(timing.cpu) for name, timing in timings.items()} == {"one": 3, "two": 3, "three": 3}
    assert ratio(timings["one"], timings["one"]) == 1


def test_the_rivals_change_no_requirement() -> None:
    """Installed beside the others they leave every version as it was."""
    dev, bench = pins("dev.lock"), pins("bench.lock")
    shared = dev.keys() & bench.keys()

    assert {"django-appointment", "intervaltree", "portion", "timegrid"} <= bench.keys()
    assert len(shared) > 50
    assert {name: bench[name] for name in shared} == {name: dev[name] for name in shared}
