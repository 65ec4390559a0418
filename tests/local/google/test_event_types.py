import pytest

from tests.local.google.driver import ADA, Refused, all_day, timed

DAY = "2026-10-05T10:00:00"
OFFICE = {
    "eventType": "workingLocation",
    "visibility": "public",
    "transparency": "transparent",
    "workingLocationProperties": {"type": "homeOffice", "homeOffice": {}},
}
BIRTHDAY = {"eventType": "birthday", "recurrence": ["RRULE:FREQ=YEARLY"]}


@pytest.mark.parametrize(
    "body",
    [
        timed(DAY, eventType="focusTime", focusTimeProperties={"chatStatus": "doNotDisturb"}),
        timed(DAY, eventType="outOfOffice", outOfOfficeProperties={"autoDeclineMode": "declineNone"}),
        timed(DAY, **OFFICE),
        all_day("2026-10-05", **OFFICE),
        all_day("2026-10-05", **BIRTHDAY),
    ],
)
def test_documented_event_types_are_accepted(ada, body):
    """Each event type in the form that Google documents is accepted, and comes back with its type."""
    assert ada("events.insert", body, calendarId=ADA)["eventType"] == body["eventType"]


@pytest.mark.parametrize(
    "body",
    [
        all_day("2026-10-05", eventType="focusTime"),
        all_day("2026-10-05", eventType="outOfOffice"),
        timed(DAY, eventType="outOfOffice", transparency="transparent"),
        timed(DAY, **(OFFICE | {"visibility": "default"})),
        timed(DAY, **(OFFICE | {"transparency": "opaque"})),
        all_day("2026-10-05", 2, **OFFICE),
        timed(DAY, eventType="workingLocation", visibility="public", transparency="transparent"),
        timed(DAY, eventType="fromGmail"),
        timed(DAY, eventType="party"),
        all_day("2026-10-05", eventType="birthday"),
        timed(DAY, focusTimeProperties={}),
        timed(DAY, eventType="focusTime", attendees=[{"email": "x@y.test"}]),
    ],
)
def test_wrong_event_types_are_refused(ada, body):
    """All-day focus time, opaque working locations, unknown types and the like are 400."""
    with pytest.raises(Refused) as caught:
        ada("events.insert", body, calendarId=ADA)

    assert caught.value.status == 400


def test_status_events_need_the_primary_calendar(sim, ada):
    """Focus time, out of office and working location are allowed on primary calendars only."""
    other = sim.admin.add_calendar(ADA, "Other")

    with pytest.raises(Refused) as caught:
        ada("events.insert", timed(DAY, eventType="focusTime"), calendarId=other)

    assert caught.value.status == 400


def test_birthdays_are_private_and_free(ada):
    """Whatever was sent, a birthday is private and does not block time."""
    made = ada("events.insert", all_day("2026-10-05", **BIRTHDAY), calendarId=ADA)

    assert (made["visibility"], made["transparency"]) == ("private", "transparent")


def test_event_type_cannot_change_and_only_default_events_move(sim, ada):
    """An event's type cannot be changed, and events of special types cannot be moved."""
    other = sim.admin.add_calendar(ADA, "Other")
    made = ada("events.insert", timed(DAY, eventType="focusTime"), calendarId=ADA)

    with pytest.raises(Refused):
        ada("events.patch", {"eventType": "default"}, calendarId=ADA, eventId=made["id"])
    with pytest.raises(Refused) as caught:
        ada("events.move", calendarId=ADA, eventId=made["id"], destination=other)
    assert caught.value.reason == "eventTypeRestriction"
