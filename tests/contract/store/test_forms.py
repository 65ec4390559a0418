"""The stored form of records: complete, tolerant of newer fields, strict about what it cannot read."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pytest

from common.errors import StoreUnavailable
from common.store import catalogue, connect, notify, ops
from common.store.booking import commit
from common.store.firestore.codec import INTERVAL, PLAIN, TEXTS, Form, array_of, enum_value, record
from common.store.sync import sync_states


class Colour(StrEnum):
    """An example."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Thing:
    """An example."""

    id: str
    colour: Colour
    note: str | None
    marks: tuple[str, ...] = ("default",)
    version: str | None = None


THING = record(Thing, id=PLAIN, colour=enum_value(Colour), note=PLAIN, marks=TEXTS)
STORED = {"id": "a", "colour": "red"}


def test_a_missing_field_takes_its_default_and_an_unknown_one_is_ignored():
    """An older record lacks fields, a newer one has more."""
    assert THING.read({**STORED, "invented": 1}) == Thing("a", Colour.RED, None, ("default",))


def test_nothing_is_stored_for_none_and_for_the_documents_version():
    """A field without a value is absent, so that queries pass it by."""
    assert THING.write(Thing("a", Colour.RED, None, (), "7")) == {**STORED, "marks": []}


@pytest.mark.parametrize(
    "stored",
    [
        {"colour": "red"},
        {"id": "a"},
        {"id": "a", "colour": "blue"},
        {"id": "a", "colour": None},
        {**STORED, "marks": 5},
        None,
        [],
    ],
    ids=str,
)
def test_what_cannot_be_read_is_an_error_without_content(stored):
    """The error names the record, never a value, and asks to try again: a newer version may understand it."""
    with pytest.raises(StoreUnavailable) as failure:
        THING.read(stored)

    assert failure.value.reason == "unreadable_document"
    assert "blue" not in str(failure.value)


def test_a_broken_value_inside_is_an_error_too():
    """A range that ends before it starts was never written by us."""
    moment = datetime(2027, 3, 1, tzinfo=UTC)
    whole = record(dataclasses.make_dataclass("Ranged", [("span", object)]), span=INTERVAL)

    for span in ({"start": moment, "end": moment}, {"start": moment}, {"start": "x", "end": "y"}, 5):
        with pytest.raises(StoreUnavailable):
            whole.read({"span": span})


def test_a_form_names_every_field():
    """A field that the domain gains and the store does not is noticed at import, not after it was lost."""
    with pytest.raises(TypeError, match="note"):
        record(Thing, id=PLAIN, colour=enum_value(Colour), marks=array_of(PLAIN))


def test_no_form_gives_a_new_meaning_to_a_missing_none():
    """None is stored as nothing, so no optional field may have another default."""
    modules = (commit, connect, catalogue, sync_states, notify, ops)
    classes = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and dataclasses.is_dataclass(value) and value is not Form
    }
    odd = {
        f"{of.__name__}.{item.name}"
        for of in classes
        for item in dataclasses.fields(of)
        if "None" in str(item.type) and item.default not in {None, dataclasses.MISSING}
    }

    assert len(classes) > 24
    assert odd == set()
