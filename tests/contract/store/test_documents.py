"""The contract of the document database: what the in-memory one promises is what Firestore does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from common.errors import AlreadyExists, Conflict, InvalidRequest
from common.store.documents import (
    NAME,
    REMOVE,
    Create,
    Delete,
    Increment,
    Merge,
    Put,
    Query,
    Replace,
    Union,
)

NOON = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ODD = "a.b/c`d\\e ü#@"


def read(documents, path):
    return documents.get([path])[0]


def test_every_kind_of_value_comes_back_as_it_was_written(documents):
    """Values keep their type and exactness, instants to the microsecond and in UTC."""
    data = {
        "none": None,
        "yes": True,
        "int": -(2**63),
        "float": 0.1,
        "text": "ü\n\u2028 emoji 🗓",
        "bytes": b"\x00\xff",
        "time": NOON,
        "old": datetime(1899, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
        "list": [1, "a", None, {"deep": [1]}],
        "map": {ODD: {"x": 1}, "0": "digit"},
        "empty": {},
        "nothing": [],
    }

    documents.commit([Put("things/one", data)])

    assert data == read(documents, "things/one").data
    assert type(read(documents, "things/one").data["yes"]) is bool


def test_an_instant_of_any_zone_comes_back_in_utc(documents):
    """Two clocks' writing of one instant is one value."""
    local = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))

    documents.commit([Put("things/one", {"at": local})])

    assert read(documents, "things/one").data["at"].isoformat() == "2027-03-01T12:00:00.123456+00:00"


@pytest.mark.parametrize(
    "data",
    [
        {"nested": [[1]]},
        {"big": 2**63},
        {"": 1},
        {"__reserved__": 1},
        {"object": object()},
        {"set": {1}},
        {1: "number"},
        {"name" * 400: 1},
    ],
    ids=["nested array", "big int", "no name", "reserved name", "object", "set", "number name", "long name"],
)
def test_what_a_document_cannot_hold_is_refused(documents, data):
    """Refused content is an error with a code, and nothing of its commit happens."""
    with pytest.raises(InvalidRequest) as refusal:
        documents.commit([Put("things/first", {}), Put("things/one", data)])

    assert refusal.value.reason == "store_refused"
    assert read(documents, "things/first").data is None


def test_a_naive_time_is_refused(documents):
    """A naive time is nobody's time."""
    with pytest.raises(ValueError, match="naive"):
        documents.commit([Put("things/one", {"at": NOON.replace(tzinfo=None)})])


def test_a_document_over_a_mebibyte_is_refused(documents):
    """The limit of Firestore holds in memory too."""
    with pytest.raises(InvalidRequest):
        documents.commit([Put("things/one", {f"n{at}": "x" * 100_000 for at in range(11)})])


def test_a_commit_over_ten_mebibytes_is_refused(documents):
    """The limit of one request holds in memory too, and nothing of it happens."""
    with pytest.raises(InvalidRequest):
        documents.commit([Put(f"things/{at}", {"x": "x" * 1_000_000}) for at in range(12)])

    assert documents.query(Query("things")) == ()


def test_reading_keeps_the_order_and_names_what_is_missing(documents):
    """One exchange answers in the order asked, repeats included."""
    documents.commit([Put("things/a", {"n": 1}), Put("things/b", {"n": 2})])

    found = documents.get(["things/b", "things/none", "things/a", "things/b"])

    assert [("b", {"n": 2}), ("none", None), ("a", {"n": 1}), ("b", {"n": 2})] == [
        (item.id, item.data) for item in found
    ]
    assert found[1].version is None
    assert documents.get([]) == ()


def test_what_was_read_is_the_readers_own(documents):
    """Changing a snapshot changes nothing that is stored."""
    data = {"inner": {"list": [1]}}
    documents.commit([Put("things/a", data)])
    data["inner"]["list"].append(2)
    read(documents, "things/a").data["inner"]["list"].append(3)

    assert read(documents, "things/a").data == {"inner": {"list": [1]}}


def test_create_meets_an_existing_document(documents):
    """Create never overwrites, and its whole commit is dropped."""
    documents.commit([Create("things/a", {"n": 1})])

    with pytest.raises(AlreadyExists):
        documents.commit([Put("things/b", {}), Create("things/a", {"n": 2})])

    assert [("a", {"n": 1})] == [(item.id, item.data) for item in documents.query(Query("things"))]


def test_a_version_is_what_the_commit_said_and_what_a_read_says(documents):
    """A version from a commit can be used without reading first; it changes with every change."""
    (first,) = documents.commit([Create("things/a", {"n": 1})])
    (second,) = documents.commit([Replace("things/a", {"m": 2}, version=first.version)])

    assert read(documents, "things/a").version == second.version != first.version
    assert read(documents, "things/a").data == {"m": 2}


@pytest.mark.parametrize(
    "stale",
    [
        lambda version: Replace("things/a", {"n": 3}, version=version),
        lambda version: Merge("things/a", {("n",): 3}, version=version),
        lambda version: Merge("things/a", {}, version=version),
        lambda version: Delete("things/a", version=version),
    ],
    ids=["replace", "merge", "verify", "delete"],
)
def test_a_stale_version_conflicts_and_nothing_of_its_commit_happens(documents, stale):
    """Compare-and-set: the loser is told, atomically, also when the document is gone."""
    (old,) = documents.commit([Put("things/a", {"n": 1})])
    documents.commit([Put("things/a", {"n": 2})])

    with pytest.raises(Conflict):
        documents.commit([Put("things/b", {}), stale(old.version)])
    documents.commit([Delete("things/a")])
    with pytest.raises(Conflict):
        documents.commit([Put("things/b", {}), stale(old.version)])

    assert documents.query(Query("things")) == ()


def test_a_write_that_changes_nothing_keeps_the_version(documents):
    """Demanding a version without changing anything leaves it valid for the next commit."""
    (first,) = documents.commit([Put("things/a", {"n": 1, "l": [1]})])

    (same,) = documents.commit([Merge("things/a", {}, version=first.version)])
    (again,) = documents.commit([Put("things/a", {"l": [1], "n": 1})])
    (still,) = documents.commit([Merge("things/a", {("n",): 1})])
    (changed,) = documents.commit([Merge("things/a", {("n",): True})])

    assert first.version == same.version == again.version == still.version != changed.version


def test_deleting_what_is_gone_is_fine(documents):
    """Without a version, deleting twice succeeds."""
    documents.commit([Put("things/a", {})])

    (written,) = documents.commit([Delete("things/a")])
    documents.commit([Delete("things/a")])

    assert written.version is None
    assert read(documents, "things/a").data is None


def test_merging_touches_only_the_named_fields(documents):
    """Field paths reach into maps whatever their names hold; a map given as a value replaces the map."""
    documents.commit(
        [Put("things/a", {"keep": 1, "map": {ODD: 1, "other": 2}, "whole": {"old": 1}, "gone": 1})]
    )

    documents.commit(
        [
            Merge(
                "things/a",
                {
                    ("map", ODD): 5,
                    ("map", "new", "er"): [1],
                    ("whole",): {"x": 1},
                    ("gone",): REMOVE,
                    ("never", "there"): REMOVE,
                },
            )
        ]
    )

    expected = {"keep": 1, "map": {ODD: 5, "other": 2, "new": {"er": [1]}}, "whole": {"x": 1}}
    assert expected == read(documents, "things/a").data


def test_merging_through_something_that_is_not_a_map_replaces_it(documents):
    """A path wins over what stands in its way."""
    documents.commit([Put("things/a", {"n": 1})])

    documents.commit([Merge("things/a", {("n", "deep"): 2})])

    assert read(documents, "things/a").data == {"n": {"deep": 2}}


def test_merging_into_a_missing_document_creates_it_unless_it_must_exist(documents):
    """A merge is also a creation, except where that is forbidden."""
    documents.commit([Merge("things/a", {("map", "x"): 1}), Merge("things/b", {("map", "x"): REMOVE})])
    with pytest.raises(Conflict):
        documents.commit([Merge("things/c", {("n",): 1}, must_exist=True)])

    assert [("a", {"map": {"x": 1}}), ("b", {})] == [
        (item.id, item.data) for item in documents.query(Query("things"))
    ]


def test_transforms_work_on_the_server_and_tell_their_result(documents):
    """Counting and collecting need no read before."""
    documents.commit([Put("things/a", {"n": 1, "list": ["a"]})])

    (written,) = documents.commit(
        [
            Merge(
                "things/a",
                {
                    ("n",): Increment(2),
                    ("fresh", "count"): Increment(5),
                    ("list",): Union(("a", "b")),
                    ("plain",): 1,
                },
            )
        ]
    )

    assert written.results[:2] == (3, 5)
    expected = {"n": 3, "fresh": {"count": 5}, "list": ["a", "b"], "plain": 1}
    assert expected == read(documents, "things/a").data
    assert read(documents, "things/a").version == written.version


def test_parallel_increments_are_all_counted(raw):
    """A transform never loses a count, however many write at once."""
    with ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(
                lambda _: raw.commit([Merge("things/n", {("n",): Increment(1)})])[0].results[0], range(40)
            )
        )

    assert sorted(results) == list(range(1, 41))


def test_writes_of_one_commit_build_on_each_other(documents):
    """Two writes to one document in one commit apply in order."""
    documents.commit([Create("things/a", {"n": 1}), Merge("things/a", {("m",): 2})])

    assert read(documents, "things/a").data == {"n": 1, "m": 2}


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
    assert [item.path for item in found][0] == "tenants/t3/jobs/same"
    assert [item.path for item in found][1:3] == ["tenants/t1/jobs/same", "tenants/t2/jobs/same"]


def test_a_filter_takes_at_most_thirty_values(raw):
    """The limit on disjunctions holds in memory too."""
    raw.commit([Put("rows/a", {"n": 1})])

    with pytest.raises(InvalidRequest):
        raw.query(Query("rows", filters=(("n", "in", list(range(31))),)))
