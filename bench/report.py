"""The result of a benchmark: one row for each target, as a ratio, with the absolute numbers beside it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

Number = float | int | str

NO_TARGET = "-"
_HEAD = ("topic", "what", "target", "measured", "met", "beside it")
_RIGHT = frozenset({"measured"})
_THOUSAND = 1_000
_TEN = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One target: its limit, what was measured, and whether it is met.

    ``measured`` is a ratio or a count, never a time, which would say more about the machine than about the
    code. Times belong into ``extra``, named with their unit.
    """

    topic: str
    name: str
    target: str
    measured: float
    met: bool
    extra: Mapping[str, Number] = field(default_factory=dict)


def at_least(topic: str, name: str, measured: float, limit: float, **extra: Number) -> Row:
    """A row whose measured ratio must not be below ``limit``."""
    return Row(topic, name, f"≥ {limit:g}", measured, measured >= limit, extra)


def at_most(topic: str, name: str, measured: float, limit: float, **extra: Number) -> Row:
    """A row whose measured ratio or count must not be above ``limit``."""
    return Row(topic, name, f"≤ {limit:g}", measured, measured <= limit, extra)


def shown(topic: str, name: str, measured: float, **extra: Number) -> Row:
    """A row without a limit, for information."""
    return Row(topic, name, NO_TARGET, measured, met=True, extra=extra)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table that is readable in a terminal as well."""
    lines = [_HEAD, *map(_cells, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(_HEAD))]
    rule = tuple("-" * (width - 1) + (":" if _HEAD[at] in _RIGHT else "-") for at, width in enumerate(widths))
    text = [_line(lines[0], widths), _line(rule, widths), *(_line(line, widths) for line in lines[1:])]
    return "\n".join(text) + "\n"


def summary(rows: Sequence[Row]) -> str:
    """One sentence: how many targets are met, and the names of those that are not."""
    rows = [row for row in rows if row.target != NO_TARGET]
    missed = [f"{row.topic}: {row.name}" for row in rows if not row.met]
    met = f"{len(rows) - len(missed)} of {len(rows)} targets are met"
    return f"{met}; not met: {', '.join(missed)}.\n" if missed else f"{met}.\n"


def document(rows: Iterable[Row], *, quick: bool) -> str:
    """The rows and the kind of machine that they were measured on, as JSON."""
    content = {"machine": machine(), "quick": quick, "rows": [asdict(row) for row in rows]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def machine() -> dict[str, Number]:
    """The kind of the machine, without anything that identifies it."""
    return {
        "cpus": os.cpu_count() or 1,
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _cells(row: Row) -> tuple[str, ...]:
    extra = ", ".join(f"{name.replace('_', ' ')} {_text(value)}" for name, value in row.extra.items())
    met = "-" if row.target == NO_TARGET else "yes" if row.met else "NO"
    return (row.topic, row.name, row.target, _text(row.measured), met, extra)


def _text(value: Number) -> str:
    if isinstance(value, str):
        return value
    if value == int(value) or abs(value) >= _THOUSAND:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= _TEN else f"{value:.3g}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if name in _RIGHT else cell.ljust(width)
        for name, cell, width in zip(_HEAD, cells, widths, strict=True)
    )
    return f"| {' | '.join(padded)} |"
