"""Texts of slots for customers: local time and zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.api.slots import slot_list_view
from common.domain.calendar.zones import zone
from common.domain.slots.slot_answers import Slot, SlotList

# Clocks in Zurich show 02:30 at both.
SUMMER, WINTER = (datetime(2027, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1))


def shown(name: str, *starts: datetime) -> list[str]:
    place, half = zone(name), timedelta(minutes=30)
    slots = tuple(
        Slot(start.astimezone(place), (start + half).astimezone(place), ("anna",)) for start in starts
    )
    view = slot_list_view(SlotList(slots, SUMMER, (), degraded=False), zone=name)
    return [text for slot in view["slots"] for text in (slot["start"], slot["end"])]


@pytest.mark.parametrize("starts", [(SUMMER, WINTER), (WINTER, SUMMER)])
def test_a_repeated_hour_is_distinguished_by_its_offset(starts: tuple[datetime, ...]) -> None:
    """When clocks are set back, in whichever order the two slots are written."""
    texts = dict(zip(starts, shown("Europe/Zurich", *starts)[::2], strict=True))

    assert "2027-10-31T02:30:00+02:00" == texts[SUMMER]
    assert "2027-10-31T02:30:00+01:00" == texts[WINTER]


def test_texts_of_one_zone_are_not_reused_for_another() -> None:
    """The same instant gets its own text in each customer's zone."""
    assert ["2027-10-31T00:30:00+00:00", "2027-10-31T01:00:00+00:00"] == shown("UTC", SUMMER)
    assert ["2027-10-31T06:00:00+05:30", "2027-10-31T06:30:00+05:30"] == shown("Asia/Kolkata", SUMMER)
    assert ["2027-10-31T02:30:00+02:00", "2027-10-31T02:00:00+01:00"] == shown("Europe/Zurich", SUMMER)
