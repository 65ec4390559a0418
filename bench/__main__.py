"""Runs the bench: ``python -m bench [--quick] [--only TOPIC] [--json FILE]``.

Each topic is a module of this package with ``run(quick: bool) -> list[Row]``. A quick run takes smaller
sizes and fewer rounds: it shows that everything works, and its ratios are rough.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from bench.report import Row, document, summary, table

TOPICS = ("slots", "endpoint", "webhooks", "cold_start", "pipeline", "export", "end_to_end", "cost")


def topics() -> tuple[str, ...]:
    """The topics that can be measured, in the order of the table."""
    return tuple(topic for topic in TOPICS if find_spec(f"bench.{topic}"))


def collect(chosen: Iterable[str], *, quick: bool) -> list[Row]:
    """The rows of the topics, one topic after the other: they must not disturb each other."""
    rows: list[Row] = []
    for topic in chosen:
        sys.stderr.write(f"measuring {topic}\n")
        rows += import_module(f"bench.{topic}").run(quick)
    return rows


def main(arguments: list[str]) -> int:
    """Measure, print the table, and write the JSON file."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds")
    parser.add_argument("--only", action="append", choices=topics(), help="one topic; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    chosen = parser.parse_args(arguments)
    rows = collect(chosen.only or topics(), quick=chosen.quick)
    sys.stdout.write(table(rows) + "\n" + summary(rows))
    if chosen.json:
        chosen.json.write_text(document(rows, quick=chosen.quick))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
