"""Prints the demonstration: chapters, steps with their duration, and a progress bar."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_BAR = 30
_WIDTH = 88
_INDENT = " " * 15


class Terminal:
    """Prints to a stream; a progress bar is redrawn on a terminal, and printed every 20 % elsewhere."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Print to ``out``, by default the standard output."""
        self._out = out or sys.stdout
        self._screen = self._out.isatty()
        self._fifth = -1
        self._chapters = 0

    def part(self, title: str) -> None:
        """Begin a part, whose chapters are numbered from one."""
        self._chapters = 0
        self._line(f"\n{title}")

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._chapters += 1
        self._line(f"\n{self._chapters}. {title}")

    def note(self, text: str) -> None:
        """Print a line below a step."""
        self._line(f"{_INDENT}{text}")

    @contextmanager
    def step(self, text: str) -> Iterator[list[str]]:
        """Time what happens inside; what it appends is printed below the step when it succeeded."""
        notes: list[str] = []
        started = time.monotonic()
        try:
            yield notes
        except BaseException:
            self._line(f"  -- {'':8}  {text}")
            raise
        self.done(text, time.monotonic() - started)
        for note in notes:
            self.note(note)

    def done(self, text: str, seconds: float) -> None:
        """Print a finished step and its duration."""
        self._line(f"  ok {seconds:6.2f} s  {text}")

    def progress(self, done: int, total: int, percentage: int, phase: str) -> None:
        """Print the progress of a long step."""
        filled = _BAR * percentage // 100
        bar = f"{_INDENT}[{'#' * filled}{'.' * (_BAR - filled)}] {percentage:3} %  {done}/{total}  {phase}"
        if self._screen:
            self._out.write(f"\r{bar:<{_WIDTH}}" + ("\n" if percentage == 100 else ""))
            self._out.flush()
        elif percentage // 20 != self._fifth:
            self._fifth = percentage // 20
            self._line(bar)

    def _line(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()
