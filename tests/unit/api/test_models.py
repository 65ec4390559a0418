"""What requests may say: nothing is guessed, in any model, and refusals are words for people."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from common import api
from common.api.bookings import BookingBody, CustomerBody
from common.api.catalogue import AbsenceBody, ResourceBody, ServiceBody, absence_of, resource_of, service_of
from common.api.consent import Callback
from common.api.http import InvalidFields
from common.api.models import Model, read
from common.api.slots import SlotQuery

RESOURCE = {"name": "Anna", "time_zone": "Europe/Zurich"}
SERVICE = {"name": "Cut", "duration": 30, "resources": ["anna"]}
NOT_INSTANTS = [
    "20270316",
    "1805875200",
    "2027-03-16",
    "2027-03-16T09:00:00",
    "2027-03-16T09:00+01:00",
    "2027-03-16 09:00:00+01:00",
    "2027-03-16T09:00:00 01:00",
    "2027-02-30T09:00:00Z",
    "2027-03-16T24:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "\u0662\u0660\u0662\u0667-03-16T09:00:00Z",
    1805875200,
    1.5,
    True,
]
WRONG: Mapping[str, list[Any]] = {
    "date-time": NOT_INSTANTS,
    "integer": ["ten", "1.0", "+1", "1_0", " 1", "1e1", 1.0, 1.5, True, None, [1]],
    "boolean": ["true", "yes", "on", "1", 1, 0, 1.0],
    "string": [1, 1.5, True, ["a"], {"a": 1}],
}


def models() -> list[type[Model]]:
    """Every request's body, query and header of the API."""
    for found in pkgutil.iter_modules(api.__path__):
        importlib.import_module(f"common.api.{found.name}")
    waiting, known = [Model], list[type[Model]]()
    while waiting:
        kinds = waiting.pop().__subclasses__()
        known += [kind for kind in kinds if kind.__module__.startswith("common.api.")]
        waiting += kinds
    return sorted(known, key=lambda kind: (kind.__module__, kind.__name__))


def fields(model: type[Model]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each field of a model that holds one value: its name in a request, its kind and its schema."""
    schema = model.model_json_schema()
    for name, described in schema["properties"].items():
        for choice in described.get("anyOf", [described]):
            target = schema["$defs"][choice["$ref"].rsplit("/", 1)[1]] if "$ref" in choice else choice
            kind = target.get("format", target.get("type"))
            if kind in WRONG:
                yield name, kind, target


def refused(model: type[Model], data: Mapping[str, Any]) -> dict[str, str]:
    """The messages about the fields of a request."""
    with pytest.raises(InvalidFields) as error:
        read(model, data)
    return {item["field"]: item["message"] for item in error.value.errors}


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_no_field_takes_one_kind_of_value_for_another(model: type[Model]) -> None:
    """Digits are no instant, texts no numbers, words no switches: the field is named in the refusal."""
    for name, kind, described in fields(model):
        optional = any(item.get("type") == "null" for item in _described(model, name).get("anyOf", ()))
        for wrong in WRONG[kind]:
            if wrong is None and optional:
                continue
            found = refused(model, {name: wrong, "no such field": 1})

            assert any(field.partition(".")[0] == name for field in found), (name, wrong, described)


def _described(model: type[Model], name: str) -> dict[str, Any]:
    return dict(model.model_json_schema()["properties"][name])


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_no_refusal_shows_a_regular_expression_or_our_classes(model: type[Model]) -> None:
    """People read why a text is not acceptable, whichever field it is."""
    for name in model.model_json_schema()["properties"]:
        for wrong in ("\x00", "", "?" * 5000, [], {}, [["\x00"]], {"\x00": "\x00"}, {"monday": ["x"]}):
            try:
                read(model, {name: wrong, "no such field": 1})
            except InvalidFields as error:
                said = [item["message"] for item in error.errors]
                odd = [text for text in said if any(sign in text for sign in ("^", "[^", "pattern", "\\"))]
                assert odd == []
                assert not [text for text in said if "instance of" in text or "Value error" in text]


def test_the_models_are_found() -> None:
    """The two tests above look at every model, those of queries and headers too."""
    names = {model.__name__ for model in models()}

    assert {"BookingBody", "ListQuery", "SlotQuery", "EventQuery", "AbsenceBody", "Callback"} <= names
    assert len(names) > 40
    assert Callback in models()


@pytest.mark.parametrize("wrong", NOT_INSTANTS)
def test_an_absence_of_1970_is_refused(wrong: Any) -> None:
    """RFC 3339 with an offset, as text, or 400 with the field named."""
    assert list(refused(AbsenceBody, {"start": wrong, "end": "2027-03-17T09:00:00Z"})) == ["start"]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2027-03-16T09:00:00Z", datetime(2027, 3, 16, 9, tzinfo=UTC)),
        ("2027-03-16t09:00:00.5z", datetime(2027, 3, 16, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("2027-03-16T09:00:00.123456789+05:30", datetime(2027, 3, 16, 3, 30, 0, 123_456, tzinfo=UTC)),
        ("2027-03-16T09:00:00-00:00", datetime(2027, 3, 16, 9, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_as_rfc_3339_writes_it(text: str, instant: datetime) -> None:
    """In either case, with any fraction and any offset."""
    query = {"tenant": "t", "service": "s", "from": text, "to": text, "seats": "2"}

    assert (read(SlotQuery, query).start, read(SlotQuery, query).seats) == (instant, 2)


@pytest.mark.parametrize(
    "day", ["20270316", "2027-3-16", "2027-03-16T00:00:00", "1805875200", "2027-02-30", "0"]
)
def test_the_date_of_an_override_is_a_date(day: str) -> None:
    """Digits would be a day of 1970."""
    (field,) = refused(ResourceBody, {**RESOURCE, "overrides": {day: []}})

    assert field.startswith("overrides.")
    assert list(read(ResourceBody, {**RESOURCE, "overrides": {"2027-03-16": []}}).overrides) == [
        date(2027, 3, 16)
    ]


@pytest.mark.parametrize(
    "blank", [" ", "\u00a0", "\u200b", "\u3000\u2003", "\u2060\ufeff", "\u3164", "\u00ad \u0301"]
)
@pytest.mark.parametrize("model", [CustomerBody, ResourceBody, ServiceBody])
def test_a_name_of_blanks_is_refused(model: type[Model], blank: str) -> None:
    """Whatever the blanks are called in Unicode; one sign that is seen makes a name."""
    assert refused(model, {**RESOURCE, **SERVICE, "name": blank})["name"] == "there is nothing to see in this"
    assert read(CustomerBody, {"name": f"{blank}\u5f20"}).name == f"{blank}\u5f20"


def test_a_phone_number_is_stored_in_one_spelling() -> None:
    """And a number that is none is refused by its field."""
    body = {
        "service": "s",
        "start": "2027-03-16T09:00:00Z",
        "customer": {"name": "Zoe", "phone": "044\u2011123 x5"},
    }

    assert read(BookingBody, body).customer.phone == "044-123 ext. 5"
    assert list(refused(BookingBody, {**body, "customer": {"name": "Zoe", "phone": "---"}})) == [
        "customer.phone"
    ]


def test_a_notice_longer_than_the_horizon_is_refused() -> None:
    """No time could ever be booked; a notice just as long leaves one moment."""
    day = 24 * 60
    with pytest.raises(InvalidFields) as error:
        service_of("cut", read(ServiceBody, {**SERVICE, "notice": day + 1, "horizon_days": 1}))

    assert [item["field"] for item in error.value.errors] == ["notice"]
    assert (
        service_of("cut", read(ServiceBody, {**SERVICE, "notice": day, "horizon_days": 1})).notice.days == 1
    )


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"hours": {"monday": ["10:00-12:00", "09:00-11:00"]}}, "hours.monday"),
        ({"hours": {"friday": ["09:02-11:00"]}}, "hours.friday"),
        ({"hours": {"friday": ["25:00-26:00"]}}, "hours.friday"),
        ({"overrides": {"2027-03-16": ["12:00-11:00"]}}, "overrides.2027-03-16"),
    ],
)
def test_hours_that_cannot_be_are_refused_by_their_day(said: dict[str, Any], field: str) -> None:
    """Overlapping, off the five minutes, no times at all, or the wrong way round."""
    with pytest.raises(InvalidFields) as error:
        resource_of("anna", read(ResourceBody, {**RESOURCE, **said}))

    assert [item["field"] for item in error.value.errors] == [field]


@pytest.mark.parametrize("end", ["2027-03-16T09:00:00Z", "2030-03-16T09:00:00Z", "9999-12-31T23:59:59Z"])
def test_an_absence_that_cannot_be_is_refused_by_its_end(end: str) -> None:
    """Without length, or longer than two years, to the end of the calendar."""
    with pytest.raises(InvalidFields) as error:
        absence_of("x", read(AbsenceBody, {"start": "2027-03-16T09:00:00Z", "end": end}))

    assert [item["field"] for item in error.value.errors] == ["end"]
    late = read(AbsenceBody, {"start": "9999-12-30T09:00:00Z", "end": "9999-12-31T09:00:00Z"})
    assert absence_of("x", late).interval.end.year == 9999
