"""A limit on how often something may be done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many units a minute, and at most ``burst`` of them at once, for everybody who shares ``scope``."""

    scope: str
    per_minute: int
    burst: int
