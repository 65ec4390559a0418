"""Shows stored documents to people: what is packed into columns becomes rows again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.store.feed_index import read_index
from common.store.week_form import read_events


def readable(path: str, stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document's fields as an export tells them.

    Raises:
        StoreUnavailable: It cannot be understood.
    """
    match path.rsplit("/", 2)[-2]:
        case "weeks":
            return {"events": read_events(stored)}
        case "index":
            return {"units": read_index(stored)}
        case _:
            return stored
