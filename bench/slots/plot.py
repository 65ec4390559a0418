"""Draws a run's CPU times by number of busy times: ``python -m bench.slots.plot RUN SVG``."""

from __future__ import annotations

import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 440, 70, 190, 30, 50
COLOURS = ("#c0392b", "#2471a3", "#117a65", "#9a7d0a", "#6c3483", "#566573")

_RAW = re.compile(r"w4_(\d+): ")
_STORED = re.compile(r"w4_(\d+)_ms")

Lines = Mapping[str, list[tuple[float, float]]]


def lines(rows: Iterable[Mapping[str, Any]]) -> Lines:
    """Milliseconds by number of busy times: the engine, each baseline, the engine on stored agendas."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        raw = _RAW.match(row["name"])
        for name, value in row["extra"].items():
            stored = _STORED.fullmatch(name)
            if raw and name.endswith("_ms"):
                found[name.removesuffix("_ms")].append((float(raw[1]), value))
            elif stored:
                found["slotbridge, from the agenda"].append((float(stored[1]), value))
    return {name: sorted(points) for name, points in found.items()}


def svg(data: Lines) -> str:
    """The chart; both axes are logarithmic."""
    points = [point for line in data.values() for point in line]
    across = _scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = _scale([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [*_grid("x", across), *_grid("y", up)]
    for number, (name, line) in enumerate(sorted(data.items(), key=lambda item: -item[1][-1][1])):
        colour, width = COLOURS[number % len(COLOURS)], 3 if name.startswith("slotbridge") else 1.5
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
        x, y = WIDTH - RIGHT + 12, TOP + 20 * number + 10
        parts += [
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>',
            f'<text x="{x}" y="{y}" fill="{colour}">{name}</text>',
        ]
    title = f'<text x="{LEFT}" y="16">CPU ms a question of four weeks, by busy times</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        f"{title}{''.join(parts)}</svg>\n"
    )


class _Scale:
    def __init__(self, low: int, high: int, start: float, end: float) -> None:
        self.decades = range(low, high + 1)
        self._low, self._start, self._step = low, start, (end - start) / (high - low)

    def __call__(self, value: float) -> float:
        return self._start + (math.log10(value) - self._low) * self._step


def _scale(values: list[float], start: float, end: float) -> _Scale:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return _Scale(low, max(high, low + 1), start, end)


def _grid(axis: str, scale: _Scale) -> list[str]:
    parts = []
    for decade in scale.decades:
        at, label = f"{scale(10.0**decade):.1f}", f"{10.0**decade:,g}"
        if axis == "x":
            ends = f'x1="{at}" x2="{at}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"'
            parts.append(f'<text x="{at}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{label}</text>')
        else:
            ends = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"'
            parts.append(f'<text x="{LEFT - 8}" y="{at}" text-anchor="end">{label}</text>')
        parts.append(f'<line {ends} stroke="#ddd"/>')
    return parts


def main(source: str, target: str) -> None:
    """Read a run's JSON file and write the chart."""
    data = lines(json.loads(Path(source).read_text())["rows"])
    Path(target).write_text(svg(data))


if __name__ == "__main__":
    main(*sys.argv[1:3])
