"""The contract of what a document holds, and of what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from common.errors import InvalidRequest
from common.store.firestore.documents import Put, Query

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
        {"text": "half \ud83d"},
        {"half \ud83d": 1},
    ],
    ids=[
        "nested",
        "big",
        "no name",
        "reserved",
        "object",
        "set",
        "number",
        "long name",
        "half text",
        "half name",
    ],
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
