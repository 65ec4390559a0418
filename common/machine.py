"""The machine's clock, and structured log lines for Cloud Logging."""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime
from typing import TextIO


class SystemClock:
    """The real time."""

    def __init__(self) -> None:
        self._never = threading.Event()

    def now(self) -> datetime:
        """The current instant, in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """A short, bounded pause."""
        self._never.wait(seconds)


Field = str | float | bool | None
# Made once: with an argument of its own `json.dumps` makes one for every line.
_ENCODE = json.JSONEncoder(default=str).encode


class JsonLog:
    """Writes one JSON object a line; the keys are the ones that Cloud Logging reads.

    See https://cloud.google.com/logging/docs/structured-logging.
    """

    def __init__(self, stream: TextIO | None = None, **context: Field) -> None:
        """Write to ``stream`` (standard output), with ``context`` in every line."""
        self._stream = stream
        self._context = context

    def info(self, event: str, **fields: Field) -> None:
        """What happened."""
        self._write("INFO", event, fields)

    def warning(self, event: str, **fields: Field) -> None:
        """What a person should look at."""
        self._write("WARNING", event, fields)

    def error(self, event: str, **fields: Field) -> None:
        """What is broken."""
        self._write("ERROR", event, fields)

    def _write(self, severity: str, event: str, fields: dict[str, Field]) -> None:
        line = _ENCODE({"severity": severity, "message": event, **self._context, **fields})
        stream = self._stream or sys.stdout
        stream.write(line + "\n")
        stream.flush()
