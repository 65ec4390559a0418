"""Memory against Google's emulator: the same random commits and questions, the same answers."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import SyncError
from common.store.firestore.client import FirestoreDocuments, connect
from common.store.firestore.documents import (
    NAME,
    REMOVE,
    Create,
    Delete,
    Increment,
    Merge,
    Put,
    Query,
    Replace,
)
from local.firestore_memory.documents import MemoryDocuments

PATHS = ["rows/a", "rows/b", "rows/a/rows/c"]
NAMES = ["n", "m", "x.y", "`/"]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([0.5, -0.0]), st.text(max_size=2)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(scalars, max_size=2), st.dictionaries(st.sampled_from(NAMES), inner, max_size=2)
    ),
    max_leaves=4,
)
data = st.dictionaries(st.sampled_from(NAMES), values, max_size=3)
changes = st.dictionaries(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map(tuple),
    st.one_of(
        values,
        st.just(REMOVE),
        st.integers(-1, 2).map(Increment),
    ),
    max_size=3,
).filter(lambda fields: not any(a != b and a == b[: len(a)] for a in fields for b in fields))
paths = st.sampled_from(PATHS)
# Which version of the document a write demands: none, the current one, or one from before.
demands = st.sampled_from([None, "current", "old"])
writes = st.one_of(
    st.tuples(st.just(Create), paths, data, st.none(), st.none()),
    st.tuples(st.just(Put), paths, data, st.none(), st.none()),
    st.tuples(st.just(Replace), paths, data, st.sampled_from(["current", "old"]), st.none()),
    st.tuples(st.just(Merge), paths, changes, demands, st.booleans()),
    st.tuples(st.just(Delete), paths, st.none(), demands, st.none()),
)
commits_of_some = st.lists(writes, min_size=1, max_size=3, unique_by=lambda planned: planned[1])
questions = st.builds(
    Query,
    collection=st.just("rows"),
    order=st.sampled_from([(), ("n",), ("-n",), (NAME,), ("n", NAME), ("m", "n")]),
    limit=st.sampled_from([None, 1, 2]),
    group=st.booleans(),
)


def ordered(value):
    """A form that tells 1 from True and 0.0 from -0.0, but not the order of a map's names."""
    if isinstance(value, dict):
        return [(name, ordered(value[name])) for name in sorted(value)]
    return [ordered(item) for item in value] if isinstance(value, list) else repr(value)


class Side:
    """One database, and the versions that its documents had."""

    def __init__(self, documents):
        self.documents = documents
        self.seen = {path: [] for path in PATHS}

    def run(self, planned):
        """What a commit said: per write whether the version is new and what transforms gave, or the error."""
        try:
            written = self.documents.commit([self._write(*plan) for plan in planned])
        except SyncError as error:
            return type(error).__name__, error.reason
        said = []
        for (_, path, *_), one in zip(planned, written, strict=True):
            said.append((one.version is not None, one.version in self.seen[path], one.results))
        for path, found in zip(PATHS, self.documents.get(PATHS), strict=True):
            if found.version not in {None, *self.seen[path]}:
                self.seen[path].append(found.version)
        return said

    def _write(self, kind, path, content, demand, must_exist):
        known = self.seen[path]
        version = None if demand is None or not known else known[-1 if demand == "current" else 0]
        if kind is Delete:
            return Delete(path, version=version)
        if kind is Merge:
            return Merge(path, content, version=version, must_exist=must_exist and version is None)
        if kind is Replace:
            return Replace(path, content, version=version) if version else Put(path, content)
        return kind(path, content)

    def state(self):
        return [ordered(found.data) for found in self.documents.get(PATHS)]

    def answer(self, query):
        return [(found.path, ordered(found.data)) for found in self.documents.query(query)]


@pytest.mark.emulator
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(commits=st.lists(commits_of_some, min_size=1, max_size=8), query=questions)
def test_memory_and_firestore_agree(emulator_host, commits, query):
    """Whatever is written, in whatever order: outcomes, contents, versions' life and answers are the same."""
    firestore = FirestoreDocuments(connect(project=f"same-{uuid4().hex[:12]}", emulator=emulator_host))
    try:
        left, right = Side(MemoryDocuments()), Side(firestore)
        for planned in commits:
            assert left.run(planned) == right.run(planned)
            assert left.state() == right.state()
        assert left.answer(query) == right.answer(query)
    finally:
        firestore.close()
