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
def test_allowed_forms(ada, body):
    """Each type in the form that Google documents; the type comes back."""
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
def test_forbidden_forms(ada, body):
    """All-day focus time, opaque working locations, made-up types and the like are 400."""
    with pytest.raises(Refused) as caught:
        ada("events.insert", body, calendarId=ADA)

    assert caught.value.status == 400


def test_status_events_need_the_primary_calendar(sim, ada):
    """Focus time, out of office and working location live on primary calendars only."""
    other = sim.admin.add_calendar(ADA, "Other")

    with pytest.raises(Refused) as caught:
        ada("events.insert", timed(DAY, eventType="focusTime"), calendarId=other)

    assert caught.value.status == 400


def test_birthdays_are_private_and_free(ada):
    """Whatever was sent, a birthday hides and does not block."""
    made = ada("events.insert", all_day("2026-10-05", **BIRTHDAY), calendarId=ADA)

    assert (made["visibility"], made["transparency"]) == ("private", "transparent")


def test_type_is_for_ever_and_only_default_moves(sim, ada):
    """An event's type cannot change, and special types cannot move."""
    other = sim.admin.add_calendar(ADA, "Other")
    made = ada("events.insert", timed(DAY, eventType="focusTime"), calendarId=ADA)

    with pytest.raises(Refused):
        ada("events.patch", {"eventType": "default"}, calendarId=ADA, eventId=made["id"])
    with pytest.raises(Refused) as caught:
        ada("events.move", calendarId=ADA, eventId=made["id"], destination=other)
    assert caught.value.reason == "eventTypeRestriction"
