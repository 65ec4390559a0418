"""Runs the bench: ``python -m bench [--quick] [--only TOPIC] [--json FILE]``.

Each topic is a module with a function ``run(quick: bool) -> list[Row]``. A quick run takes smaller sizes
and fewer rounds: it shows that everything works, but its ratios are rough.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from bench.report import Row, document, summary, table

TOPICS = {
    "slots": "bench.slots.engine",
    "endpoint": "bench.slots.endpoint",
    "webhooks": "bench.functions.webhooks",
    "cold_start": "bench.functions.cold_start",
    "import": "bench.imports.throughput",
    "export": "bench.export",
    "end_to_end": "bench.end_to_end",
    "cost": "bench.cost",
}
"""The module of each topic, in the order in which they are measured."""


def collect(chosen: Iterable[str], *, quick: bool) -> list[Row]:
    """Measure the topics one after the other, so that they do not disturb each other."""
    rows: list[Row] = []
    for topic in chosen:
        sys.stderr.write(f"measuring {topic}\n")
        rows += import_module(TOPICS[topic]).run(quick)
    return rows


def main(arguments: list[str]) -> int:
    """Measure, print the table, and write the JSON file if one is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds")
    parser.add_argument("--only", action="append", choices=TOPICS, help="one topic; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    chosen = parser.parse_args(arguments)
    rows = collect(chosen.only or TOPICS, quick=chosen.quick)
    sys.stdout.write(table(rows) + "\n" + summary(rows))
    if chosen.json:
        chosen.json.write_text(document(rows, quick=chosen.quick))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
