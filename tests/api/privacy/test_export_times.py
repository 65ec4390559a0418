"""What an export tells can be read without our code: times as instants, lengths as words, nothing packed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from common.domain.calendar.connection import ProviderKind
from common.errors import StoreUnavailable
from tests.api.conftest import Http
from tests.api.privacy.test_erasures import exported
from tests.api.privacy.test_export_readable import imported
from tests.tenants import fill_tenant

BOTH = pytest.mark.parametrize("provider", list(ProviderKind), ids=str)
# Whatever is counted here, an instant in seconds since 1970 is a larger number.
LARGEST_COUNT = 10_000_000
CLASS = {"name": "Yoga", "duration": 90, "resources": ["anna"], "capacity": 3, "horizon_days": 60}


def leaves(value: Any) -> Iterator[Any]:
    """Everything that is in a document, keys too."""
    if isinstance(value, Mapping):
        yield from value
        value = list(value.values())
    if is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, item.name) for item in fields(value)]
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def of(documents: list[dict[str, Any]], collection: str) -> list[dict[str, Any]]:
    return [item["data"] for item in documents if item["path"].split("/")[-2] == collection]


@pytest.fixture
def busy_week(http: Http) -> Http:
    """A booking, an absence, a hold, and a class with a seat that is booked and one that is held."""
    http("PUT", "/services/yoga", json=CLASS)
    away = {"start": "2027-03-16T13:00:00+01:00", "end": "2027-03-16T14:00:00+01:00"}
    http("PUT", "/resources/anna/absences/doctor", json=away)
    customer = {"name": "Zoe", "email": "zoe@example.com"}
    for service, clock in (("cut", "09:00"), ("yoga", "10:00")):
        wish = {"service": service, "start": f"2027-03-16T{clock}:00+01:00", "customer": customer}
        assert http("POST", "/bookings?tenant=t1", token=None, json=wish).status == 201
    for service, clock in (("cut", "11:30"), ("yoga", "10:00")):
        wish = {"service": service, "start": f"2027-03-16T{clock}:00+01:00"}
        assert http("POST", "/bookings/holds?tenant=t1", token=None, json=wish).status == 201
    return http


def test_the_agenda_is_exported_in_instants(busy_week: Http) -> None:
    """G4: what takes time, from when to when in UTC; until when it is held, and how many seats are."""
    (week,) = of(exported(busy_week), "agenda")
    spans = sorted((span["start"], span["end"]) for span in week["bookings"].values())
    (session,) = week["sessions"].values()
    (seats,) = session["holds"].values()

    assert spans == [
        ("2027-03-16T08:00:00+00:00", "2027-03-16T08:30:00+00:00"),
        ("2027-03-16T09:00:00+00:00", "2027-03-16T10:30:00+00:00"),
        ("2027-03-16T10:30:00+00:00", "2027-03-16T11:00:00+00:00"),
    ]
    assert week["absences"] == {
        "doctor": {"start": "2027-03-16T12:00:00+00:00", "end": "2027-03-16T13:00:00+00:00"}
    }
    assert list(week["holds"].values()) == ["2027-03-15T08:10:00+00:00"]
    assert session | {"holds": None} == {
        "service": "yoga",
        "start": "2027-03-16T09:00:00+00:00",
        "booked": 1,
        "holds": None,
    }
    assert seats == {"seats": 1, "until": "2027-03-15T08:10:00+00:00"}


@BOTH
def test_an_exported_agenda_shows_imported_times(http: Http, provider: ProviderKind) -> None:
    """G4: whoever the provider is, busy times by calendar, as ranges."""
    imported(http, provider, "times")
    (week,) = of(exported(http), "agenda")
    (calendar,) = week["imports"].values()

    assert calendar["free"] == []
    assert calendar["busy"][0] == {"start": "2027-03-16T08:00:00+00:00", "end": "2027-03-16T09:00:00+00:00"}
    assert all(datetime.fromisoformat(span["end"]).utcoffset() == timedelta() for span in calendar["busy"])


def test_lengths_of_time_are_exported_with_their_units(busy_week: Http) -> None:
    """G4: as ISO 8601 writes them, so that nobody guesses between seconds, minutes and days."""
    tenant = {"name": "Salon", "time_zone": "Europe/Zurich", "grace_minutes": 45}
    busy_week("PUT", "/tenant", json=tenant, headers={"If-Match": "*"})
    documents = exported(busy_week)
    yoga = next(item for item in of(documents, "services") if item["id"] == "yoga")

    assert {name: yoga[name] for name in ("duration", "buffer_before", "step", "horizon", "hold")} == {
        "duration": "PT1H30M",
        "buffer_before": "PT0S",
        "step": "PT15M",
        "horizon": "P60D",
        "hold": "PT10M",
    }
    assert of(documents, "tenants")[0]["unreachable"] == {"grace": "PT45M"}


def test_nothing_in_an_export_is_packed(busy_week: Http) -> None:
    """G4: of a tenant with one of everything, no number is an instant and no value is made of bytes."""
    settled = fill_tenant(busy_week, "t3")
    told = busy_week("POST", "/tenant/export", token=settled.token(), json={}).body["documents"]
    archive = busy_week.world.ports.archive
    shown = [archive.readable(item).data for item in archive.page("t3", after=None, limit=200)]

    assert [item for item in leaves(exported(busy_week) + told) if too_large(item)] == []
    assert [item for item in leaves(shown) if isinstance(item, bytes) or too_large(item)] == []
    assert "address" not in of(told, "erasures")[0]


def too_large(value: object) -> bool:
    return isinstance(value, int | float) and value > LARGEST_COUNT


def test_an_agenda_of_a_newer_release_is_an_error_and_no_guess(busy_week: Http) -> None:
    """What cannot be understood is an answer to try again, and no guess."""
    documents, archive = busy_week.world.documents, busy_week.world.ports.archive
    week = next(item for item in archive.page("t1", after=None, limit=99) if item.collection == "agenda")

    for wrong in ({"bookings": {"b": "soon"}}, {"holds": {"b": None}}, {"sessions": {"s": {"at": 1}}}):
        with pytest.raises(StoreUnavailable) as refused:
            archive.readable(type(week)(week.path, wrong))

        assert refused.value.reason == "unreadable_document"
    assert documents.get([week.path])[0].data == week.data
