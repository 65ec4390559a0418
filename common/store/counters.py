"""Counts of a tenant's callers, a document a window: counting is one write, recalling one read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.store import paths
from common.store.documents import Documents, FieldPath, Increment, Merge


class StoredCounters:
    """The counts; they are added to by the database itself, so that no two callers count as one."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def count(
        self, tenant: str, window: str, keys: Sequence[str], *, expires_at: datetime
    ) -> Mapping[str, int]:
        """Add one to each key, all at once, and say how many there are now."""
        fields: dict[FieldPath, Any] = {("counts", key): Increment(1) for key in keys}
        merge = Merge(paths.within(tenant, paths.LIMITS, window), {**fields, ("expires_at",): expires_at})
        (written,) = self._documents.commit([merge])
        return dict(zip(keys, map(int, written.results), strict=True))

    def counted(self, tenant: str, window: str) -> Mapping[str, int]:
        """What was counted in a window."""
        (found,) = self._documents.get([paths.within(tenant, paths.LIMITS, window)])
        return dict(found.data["counts"]) if found.data else {}
