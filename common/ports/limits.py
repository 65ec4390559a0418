"""Counts what callers without an account change, for all instances together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol


class Counters(Protocol):
    """One document a tenant and window; nothing in it names anybody."""

    def count(
        self, tenant: str, window: str, keys: Sequence[str], *, expires_at: datetime
    ) -> Mapping[str, int]:
        """Add one to each key, all at once, and say how many there are now."""

    def counted(self, tenant: str, window: str) -> Mapping[str, int]:
        """What was counted in a window."""
