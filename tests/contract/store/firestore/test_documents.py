"""The contract of the document database: what the in-memory one promises is what Firestore does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from common.errors import AlreadyExists, Conflict, InvalidRequest
from common.store.firestore.documents import REMOVE, Create, Delete, Increment, Merge, Put, Query, Replace

NOON = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ODD = "a.b/c`d\\e ü#@"


def read(documents, path):
    return documents.get([path])[0]


def test_reading_keeps_the_order_and_names_what_is_missing(documents):
    """One exchange answers in the order asked, repeats included."""
    documents.commit([Put("things/a", {"n": 1}), Put("things/b", {"n": 2})])

    found = documents.get(["things/b", "things/none", "things/a", "things/b"])

    assert [("b", {"n": 2}), ("none", None), ("a", {"n": 1}), ("b", {"n": 2})] == [
        (item.id, item.data) for item in found
    ]
    assert found[1].version is None
    assert documents.get([]) == ()


def test_changing_a_document_that_was_read_changes_nothing_stored(documents):
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


def test_transforms_work_on_the_server_and_return_their_result(documents):
    """Counting and collecting need no read before."""
    documents.commit([Put("things/a", {"n": 1})])

    (written,) = documents.commit(
        [
            Merge(
                "things/a",
                {
                    ("n",): Increment(2),
                    ("fresh", "count"): Increment(5),
                    ("plain",): 1,
                },
            )
        ]
    )

    assert written.results == (3, 5)
    expected = {"n": 3, "fresh": {"count": 5}, "plain": 1}
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


def test_a_commit_names_each_document_once(documents):
    """Firestore takes some pairs of writes to one document and not others; here none is taken."""
    with pytest.raises(InvalidRequest):
        documents.commit([Put("things/b", {}), Put("things/a", {"n": 1}), Merge("things/a", {("m",): 2})])

    assert documents.query(Query("things")) == ()
