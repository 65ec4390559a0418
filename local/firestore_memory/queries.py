"""Which documents answer a query, and in which order: Firestore's rules, for documents in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from common.store.firestore.documents import MOST_DISJUNCTIONS, NAME, Operator, Query, full_order
from common.store.firestore.values import canonical, refused, sort_key

Row = tuple[str, Mapping[str, Any]]
_ABSENT: Final = object()
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {"==": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
_Test = tuple[str, Callable[[Any, Any], bool], tuple[Any, ...]]


def select(rows: Iterable[Row], query: Query) -> list[Row]:
    """The rows that match, ordered, behind the cursor, and at most as many as asked."""
    order = full_order(query)
    named = [name for name, _ in order if name != NAME]
    tests = [_test(*one) for one in query.filters]
    found = [row for row in rows if _matches(row, named, tests)]
    for name, descending in reversed(order):
        found.sort(key=lambda row, name=name: sort_key(_value(row, name)), reverse=descending)  # type: ignore[misc]
    if query.after is not None:
        found = [row for row in found if _behind(row, query.after, order)]
    return found[: query.limit]


def _matches(row: Row, named: Iterable[str], tests: Iterable[_Test]) -> bool:
    return all(_holds(row, test) for test in tests) and all(
        _value(row, name) is not _ABSENT for name in named
    )


def _test(name: str, operator: Operator, wanted: Any) -> _Test:
    if operator != "in":
        return name, _COMPARED[operator], (sort_key(canonical(wanted)),)
    if not 0 < len(wanted) <= MOST_DISJUNCTIONS:
        raise refused("an 'in' filter has 1 to 30 values")
    return name, eq, tuple(sort_key(canonical(item)) for item in wanted)


def _holds(row: Row, test: _Test) -> bool:
    """Whether a value is there and compares as wanted; only equal types compare."""
    name, compared, wanted = test
    value = _value(row, name)
    if value is _ABSENT:
        return False
    key = sort_key(value)
    return any(key[0] == other[0] and compared(key, other) for other in wanted)


def _behind(row: Row, after: tuple[Any, ...], order: list[tuple[str, bool]]) -> bool:
    for (name, descending), position in zip(order, after, strict=False):
        wanted = _by_parts(position) if name == NAME else canonical(position)
        here, there = sort_key(_value(row, name)), sort_key(wanted)
        if here != there:
            return (here < there) if descending else (here > there)
    return False


def _value(row: Row, name: str) -> Any:
    path, data = row
    if name == NAME:
        return _by_parts(path)
    value: Any = data
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _ABSENT
        value = value[part]
    return value


def _by_parts(path: str) -> str:
    """A form of a path that sorts part by part, as names do."""
    return path.replace("/", "\x00")
