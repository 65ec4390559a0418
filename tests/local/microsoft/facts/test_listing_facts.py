"""What listings, views and instances leave out or repeat; the numbers are rows of docs/provider-facts.md."""

import pytest

from tests.local.microsoft.driver import ADA, CLO, WINDOW, Refused, starts, timed, weekly

KEY = "String {00020329-0000-0000-C000-000000000046} Name key"
HELD = [{"id": KEY, "value": "x"}]
FILTER = f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq 'x')"
EXPAND = f"singleValueExtendedProperties($filter=id eq '{KEY}')"


@pytest.fixture
def changed(ada):
    """A weekly series of three, whose second date was moved to Tuesday."""
    recurrence = weekly("2026-10-05", "monday", numberOfOccurrences=3)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:30", recurrence=recurrence))
    second = ada("GET", f"/me/events/{made['id']}/instances", **WINDOW)["value"][1]
    moved = timed("2026-10-13T10:00:30")
    ada("PATCH", f"/me/events/{second['id']}", {"start": moved["start"], "end": moved["end"]})
    return f"/me/events/{made['id']}/instances"


@pytest.mark.parametrize(("left_out", "found"), [(False, 3), (True, 2)])
def test_instances_may_lack_the_exceptions(sim, ada, changed, left_out, found):
    """The view has them either way (M92)."""
    sim.admin.set_setting("instances_without_exceptions", left_out)

    assert found == len(ada("GET", changed, **WINDOW)["value"])
    view = ada("GET", "/me/calendarView", **WINDOW)["value"]
    assert 1 == len([each for each in view if each["type"] == "exception"])


@pytest.mark.parametrize("bare", [False, True])
def test_exceptions_may_lack_their_original_start(sim, ada, changed, bare):
    """Among the instances of their series (M38)."""
    sim.admin.set_setting("bare_exceptions", bare)
    found = {each["type"]: each for each in ada("GET", changed, **WINDOW)["value"]}

    assert bare == ("originalStart" not in found["exception"])
    assert "originalStart" in found["occurrence"]


@pytest.mark.parametrize(("whole", "shown"), [(False, "08:00:30"), (True, "08:00:00")])
def test_original_starts_may_lose_their_seconds(sim, ada, changed, whole, shown):
    """The start itself keeps them (M36)."""
    sim.admin.set_setting("whole_minutes", whole)
    first = ada("GET", changed, **WINDOW)["value"][0]

    assert (shown, "08:00:30") == (first["originalStart"][11:19], first["start"]["dateTime"][11:19])


def test_original_starts_have_the_offset_of_the_zone_asked_for(ada, connect, changed):
    """With Z for UTC, with an offset for another zone (M37)."""
    ada.prefer = [*ada.prefer, 'outlook.timezone="W. Europe Standard Time"']
    response = ada.client.get(
        f"/v1.0{changed}",
        query_string=WINDOW,
        headers=[("Authorization", f"Bearer {ada.token}"), *(("Prefer", each) for each in ada.prefer)],
    )

    assert "2026-10-05T10:00:30.0000000+02:00" == response.json["value"][0]["originalStart"]
    plain = connect(ADA)("GET", changed, **WINDOW)["value"][0]["originalStart"]
    assert "2026-10-05T08:00:30.0000000Z" == plain


@pytest.mark.parametrize("repeated", [False, True])
def test_pages_may_repeat_an_event(sim, ada, repeated):
    """A page begins with the last event of the page before (M91)."""
    sim.admin.set_setting("repeated_page_ends", repeated)
    for day in range(5, 8):
        ada("POST", "/me/events", timed(f"2026-10-{day:02d}T10:00:00"))
    found, _ = ada.all("/me/events", **{"$top": 2})

    assert (4 if repeated else 3) == len(found)
    assert 3 == len({each["id"] for each in found})
    assert 3 == len(ada.all("/me/calendarView", **WINDOW, **{"$top": 2})[0])


def test_a_filter_by_property_may_find_nothing(sim, ada):
    """Now and then the list is empty though an event has the property (M51)."""
    sim.admin.set_setting("empty_filter_every", 3)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00", singleValueExtendedProperties=HELD))

    found = [len(ada("GET", "/me/events", **{"$filter": FILTER})["value"]) for _ in range(6)]
    assert [1, 1, 0, 1, 1, 0] == found


def test_views_cannot_be_filtered_by_property(ada):
    """500, whatever is asked for (M52)."""
    with pytest.raises(Refused) as caught:
        ada("GET", "/me/calendarView", **WINDOW, **{"$filter": FILTER})

    assert 500 == caught.value.status


@pytest.mark.parametrize("left_out", [False, True])
def test_views_may_leave_out_properties(sim, ada, left_out):
    """The list of events has them either way (M53)."""
    sim.admin.set_setting("views_without_properties", left_out)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00", singleValueExtendedProperties=HELD))
    (shown,) = ada("GET", "/me/calendarView", **WINDOW, **{"$expand": EXPAND})["value"]
    (listed,) = ada("GET", "/me/events", **{"$expand": EXPAND})["value"]

    assert left_out == ("singleValueExtendedProperties" not in shown)
    assert HELD == listed["singleValueExtendedProperties"]


@pytest.mark.parametrize(("kept", "zone"), [(False, "UTC"), (True, "W. Europe Standard Time")])
def test_invitations_may_come_in_their_own_zone(sim, ada, kept, zone):
    """The moment is the same, and own events are converted either way (M85)."""
    sim.admin.set_setting("zone_not_converted", kept)
    sim.owner.receive_invitation(ADA, timed("2026-10-05T10:00:00"), organizer=CLO)
    own = ada("POST", "/me/events", timed("2026-10-06T10:00:00"))
    shown = ada("GET", "/me/calendarView", **WINDOW)["value"][0]

    assert (zone, "UTC") == (shown["start"]["timeZone"], own["start"]["timeZone"])
    assert ["2026-10-05T10:00" if kept else "2026-10-05T08:00"] == starts([shown])


def test_schedules_are_at_most_62_days_long(ada):
    """62 whole days are answered, a day more is not (M109)."""
    moment = {"dateTime": "2026-10-01T00:00:00", "timeZone": "UTC"}
    body = {"schedules": [ADA], "startTime": moment, "availabilityViewInterval": 1440}
    longest = body | {"endTime": moment | {"dateTime": "2026-12-02T00:00:00"}}
    (answer,) = ada("POST", "/me/calendar/getSchedule", longest)["value"]
    assert 62 == len(answer["availabilityView"])

    with pytest.raises(Refused) as caught:
        ada(
            "POST",
            "/me/calendar/getSchedule",
            body | {"endTime": moment | {"dateTime": "2026-12-03T00:00:00"}},
        )
    assert (400, "ErrorTimeIntervalTooBig") == (caught.value.status, caught.value.code)
