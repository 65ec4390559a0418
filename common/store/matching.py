"""Which documents answer a query, and in which order: Firestore's rules, for documents in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from common.store.documents import NAME, Operator, Query
from common.store.values import canonical, kind, refused, sort_key

Row = tuple[str, Mapping[str, Any]]

# https://firebase.google.com/docs/firestore/query-data/queries#query_limitations
MOST_DISJUNCTIONS = 30

_ABSENT: Final = object()


def select(rows: Iterable[Row], query: Query) -> list[Row]:
    """The rows that match, ordered, behind the cursor, and at most as many as asked."""
    order = orders(query)
    found = [row for row in rows if _matches(row, query, order)]
    for name, descending in reversed(order):
        found.sort(key=lambda row, name=name: sort_key(_value(row, name)), reverse=descending)  # type: ignore[misc]
    if query.after is not None:
        found = [row for row in found if _behind(row, query.after, order)]
    return found[: query.limit]


def orders(query: Query) -> list[tuple[str, bool]]:
    """The full order as (field, descending): inequalities sort by their field, the name breaks ties."""
    order = [(name.removeprefix("-"), name.startswith("-")) for name in query.order]
    compared = sorted({name for name, operator, _ in query.filters if operator not in {"==", "in"}})
    last = order[-1][1] if order else False
    order += [(name, last) for name in compared if name not in {known for known, _ in order}]
    return order if NAME in {name for name, _ in order} else [*order, (NAME, last)]


def _matches(row: Row, query: Query, order: list[tuple[str, bool]]) -> bool:
    if any(_value(row, name) is _ABSENT for name, _ in order):
        return False
    return all(_holds(_value(row, name), operator, value) for name, operator, value in query.filters)


def _holds(value: Any, operator: Operator, wanted: Any) -> bool:
    if value is _ABSENT:
        return False
    if operator == "in":
        if not 0 < len(wanted) <= MOST_DISJUNCTIONS:
            raise refused("an 'in' filter has 1 to 30 values")
        return any(_holds(value, "==", item) for item in wanted)
    wanted = canonical(wanted)
    if kind(value) != kind(wanted):
        return False
    left, right = sort_key(value), sort_key(wanted)
    return {
        "==": left == right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


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
