"""A cache of a fixed size: what was put first is forgotten first."""

from __future__ import annotations

from common.domain.shared.bounded_cache import BoundedCache


def test_the_oldest_entry_is_forgotten_where_there_are_too_many() -> None:
    """Putting a key again makes it the newest, whatever its value."""
    cache: BoundedCache[str, int] = BoundedCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("a", 3)
    cache.put("c", 4)

    assert [cache.get(key) for key in "abc"] == [3, None, 4]


def test_a_dropped_key_is_gone_and_may_be_unknown() -> None:
    """Dropping what is not there does nothing."""
    cache: BoundedCache[str, int] = BoundedCache(2)
    cache.put("a", 1)
    cache.drop("a")
    cache.drop("b")

    assert cache.get("a") is None
