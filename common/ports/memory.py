"""What one process may remember between two questions: small, bounded, never written anywhere."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime

MOST_TOKENS = 1_024

# The tenant, the connection, and the version of its record: a connection that changed is another one.
TokenKey = tuple[str, str, str]


@dataclass(slots=True)
class Tokens:
    """Access tokens that were valid a moment ago, so that a live question need not read and open a grant."""

    _kept: dict[TokenKey, tuple[str, datetime]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def recall(self, key: TokenKey, *, now: datetime) -> str | None:
        """The token, where it is still good for a while."""
        with self._lock:
            token, until = self._kept.get(key, (None, now))
            return token if now < until else None

    def keep(self, key: TokenKey, token: str, *, until: datetime) -> None:
        """Keep it instead of the one before; the oldest goes first."""
        with self._lock:
            self._kept.pop(key, None)
            while len(self._kept) >= MOST_TOKENS:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (token, until)

    def drop(self, key: TokenKey) -> None:
        """Forget it: it was refused."""
        with self._lock:
            self._kept.pop(key, None)
