"""A cache of a fixed size that several threads may use: the entry that was put first is forgotten first."""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """At most ``most`` entries; putting a key again makes it the newest one."""

    def __init__(self, most: int) -> None:
        """Start with nothing."""
        self._most = most
        self._lock = Lock()
        self._entries: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """The value that was put last under this key, while it is kept."""
        with self._lock:
            return self._entries.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep the value as the newest entry; the oldest entries go where there are too many."""
        with self._lock:
            self._entries.pop(key, None)
            while len(self._entries) >= self._most:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = value

    def drop(self, key: K) -> None:
        """Forget the key, if it is there."""
        with self._lock:
            self._entries.pop(key, None)
