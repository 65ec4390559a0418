"""Agenda weeks that this instance decoded before: an unchanged one is not decoded again.

A slot question reads the same few weeks again and again. The database sends each of them with its version;
where that is the one that was decoded last time, the result is the same. Nothing is saved on reading, and
nothing can be out of date.
"""

from __future__ import annotations

import threading
from typing import Any

from common.store.documents import Snapshot
from common.store.protobuf import snapshot, version

MOST_DECODED = 256

_WEEKS = "/agenda/"


class Decoded:
    """The last decoded form of the weeks that were read most recently."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = threading.Lock()
        self._kept: dict[str, Snapshot] = {}

    def snapshot(self, root: str, document: Any) -> Snapshot:
        """A document as read; whoever gets it must not change it."""
        name = document.name
        if _WEEKS not in name:
            return snapshot(root, document)
        with self._lock:
            known = self._kept.pop(name, None)
        if known is None or known.version != version(document.update_time):
            known = snapshot(root, document)
        with self._lock:
            while len(self._kept) >= MOST_DECODED:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = known
        return known
