"""The contract of queries: filters, order and pages as Firestore answers them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.errors import InvalidRequest
from common.store.firestore.documents import NAME, Put, Query

NOON = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ROWS = {
    "a": {"n": 1, "group": "x", "in": {"at": NOON}},
    "b": {"n": 2, "group": "x", "in": {"at": NOON - timedelta(days=1)}},
    "c": {"n": 3, "group": "y", "in": {"at": NOON + timedelta(days=1)}},
    "d": {"n": None, "group": "x"},
    "e": {"n": "text", "group": "x"},
    "f": {"group": "x"},
    "g": {"n": 2.5, "group": "x"},
    "h": {"n": True, "group": "z"},
    "i": {"n": [1], "group": "z"},
    "j": {"n": {"x": 1}, "group": "z"},
    "k": {"n": NOON, "group": "z"},
    "l": {"n": b"bytes", "group": "z"},
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query("rows"), "abcdefghijkl"),
        (Query("rows", filters=(("group", "==", "x"),)), "abdefg"),
        (Query("rows", filters=(("n", "==", 2),)), "b"),
        (Query("rows", filters=(("n", ">", 1),)), "bgc"),
        (Query("rows", filters=(("n", ">=", 1), ("n", "<", 2.5))), "ab"),
        (Query("rows", filters=(("n", "<=", 2.5),), order=("-n",)), "gba"),
        (Query("rows", filters=(("n", ">", "a"),)), "e"),
        (Query("rows", order=("n",)), "dhabgckelij"),
        (Query("rows", order=("-n",)), "jilekcgbahd"),
        (Query("rows", order=("n",), after=(2,)), "gckelij"),
        (Query("rows", order=("n",), limit=2), "dh"),
        (Query("rows", filters=(("in.at", "<=", NOON),), order=("in.at",)), "ba"),
        (Query("rows", filters=(("group", "in", ["y", "z"]),)), "chijkl"),
        (Query("rows", order=(NAME,), after=("rows/c",), limit=3), "def"),
        (Query("rows", filters=(("group", "==", "x"),), order=(NAME,), after=("rows/b",)), "defg"),
        (Query("rows", order=("group", NAME), after=("x", "rows/d"), limit=4), "efgc"),
        (Query("rows", order=("-group",), limit=6), "lkjihc"),
        (Query("none"), ""),
    ],
    ids=str,
)
def test_queries_filter_order_and_page_alike(raw, query, expected):
    """Documents without a compared or ordered field are left out, and types sort as Firestore sorts them."""
    raw.commit([Put(f"rows/{name}", data) for name, data in ROWS.items()])
    raw.commit([Put("rows/a/rows/below", {"n": 2}), Put("other/a", {"n": 2})])

    assert "".join(item.id for item in raw.query(query)) == expected


def test_a_group_query_reads_all_collections_of_a_name(raw):
    """A group query crosses tenants; ties are broken by the full path."""
    for tenant, n in (("t2", 1), ("t1", 1), ("t3", 0)):
        raw.commit([Put(f"tenants/{tenant}/jobs/same", {"n": n})])
    raw.commit([Put("jobs/top", {"n": 2}), Put("tenants/t1/other/same", {"n": 0})])
    query = Query("jobs", group=True, filters=(("n", "<=", 5),), order=("n",))

    found = raw.query(query)

    expected = ["tenants/t3/jobs/same", "jobs/top", "tenants/t1/jobs/same", "tenants/t2/jobs/same"]
    assert sorted(expected) == sorted(item.path for item in found)
    assert found[0].path == "tenants/t3/jobs/same"
    assert [item.path for item in found][1:3] == ["tenants/t1/jobs/same", "tenants/t2/jobs/same"]


def test_a_filter_takes_at_most_thirty_values(raw):
    """The limit on disjunctions holds in memory too."""
    raw.commit([Put("rows/a", {"n": 1})])

    with pytest.raises(InvalidRequest):
        raw.query(Query("rows", filters=(("n", "in", list(range(31))),)))
