"""What Google refuses, cuts or leaves out of a write, beyond its published schema."""

import pytest

from tests.local.google.driver import ADA, BOB, Refused, all_day, timed

DAY = "2026-10-05T10:00:00"
BLOCK = "-::~:~::~:~:~::-"


def insert(ada, **fields):
    return ada("events.insert", timed(DAY) | fields, calendarId=ADA)


def refused(call, *arguments, **named):
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return caught.value.status, caught.value.reason


@pytest.mark.parametrize(
    "address",
    ["FirstnameLastname(2002)@unknownemail.com", "jürg@example.com", "ada@localhost", "a b@example.com"],
)
def test_addresses_that_google_does_not_take_fail_the_whole_write(ada, address):
    """One such attendee and there is no event."""
    assert refused(insert, ada, attendees=[{"email": BOB}, {"email": address}]) == (400, "invalid")
    assert ada("events.list", calendarId=ADA)["items"] == []


def test_an_address_can_be_refused_for_no_reason(sim, ada):
    """A switch: a good address is a 400 too, in an insert and in a patch."""
    sim.admin.set_setting("refused_addresses", [BOB])
    made = insert(ada)
    guests = {"attendees": [{"email": BOB.upper()}]}

    assert refused(insert, ada, **guests) == (400, "invalid")
    assert refused(ada, "events.patch", guests, calendarId=ADA, eventId=made["id"]) == (400, "invalid")


def test_two_hundred_guests_are_the_most(ada):
    """The 201st is a 400."""
    guests = [{"email": f"guest{number}@example.com"} for number in range(201)]

    assert len(insert(ada, attendees=guests[1:])["attendees"]) == 200
    assert refused(insert, ada, attendees=guests) == (400, "invalid")


def test_zones_can_be_newer_than_googles_table(sim, ada):
    """A switch: an event or a calendar in such a zone is a 400; in UTC the event goes through."""
    body = timed(DAY, zone="Europe/Kyiv")
    made = ada("events.insert", body, calendarId=ADA)
    sim.admin.set_setting("unknown_zones", ["Europe/Kyiv"])

    assert refused(ada, "events.insert", body, calendarId=ADA) == (400, "invalid")
    assert refused(ada, "events.patch", body, calendarId=ADA, eventId=made["id"]) == (400, "invalid")
    assert refused(ada, "calendars.insert", {"summary": "a", "timeZone": "Europe/Kyiv"}) == (400, "invalid")
    assert ada("events.insert", timed(DAY, zone="UTC"), calendarId=ADA)["start"]["timeZone"] == "UTC"


def test_an_event_of_no_length_is_made_by_hand_only(sim, ada):
    """Through the API it is refused; what a person made can still be changed otherwise."""
    nothing = timed(DAY, 0)
    made = sim.owner.put_event(ADA, nothing)
    where = {"calendarId": ADA, "eventId": made["id"]}

    assert refused(ada, "events.insert", nothing, calendarId=ADA) == (400, "timeRangeEmpty")
    assert ada("events.patch", {"summary": "named"}, **where)["summary"] == "named"


def test_the_conference_block_is_cut_out_of_a_description(ada):
    """Only the text around it is stored, by insert and by patch."""
    text = f"Join:\n{BLOCK}\nhttps://meet.example\n{BLOCK}\nBring papers"
    made = insert(ada, description=text)
    where = {"calendarId": ADA, "eventId": made["id"]}

    assert made["description"] == "Join:\n\nBring papers"
    assert (
        ada("events.patch", {"description": f"a {text}"}, **where)["description"] == "a Join:\n\nBring papers"
    )


def test_empty_texts_are_not_shown(ada):
    """An empty summary, description or place is an absent key."""
    made = insert(ada, summary="", description="", location="")

    assert not {"summary", "description", "location"} & set(made)


def test_descriptions_are_limited(ada):
    """8192 characters are kept, one more is refused."""
    assert insert(ada, description="x" * 8192)["description"] == "x" * 8192
    assert refused(insert, ada, description="x" * 8193) == (400, "invalid")


def test_a_recurrence_with_very_many_dates_is_refused(ada):
    """Some hundred dates are taken, a thousand are not."""
    dates = [f"2027{month:02d}{day:02d}T100000" for month in range(1, 13) for day in range(1, 29)]
    rule = "RRULE:FREQ=DAILY"
    line = "EXDATE;TZID=Europe/Zurich:"

    assert insert(ada, recurrence=[rule, line + ",".join(dates[:200])])["recurrence"][0] == rule
    assert refused(insert, ada, recurrence=[rule, *(line + each for each in dates)]) == (400, "invalid")


def test_zones_can_be_missing_in_listings(sim, ada):
    """A switch: single events and instances are listed without `timeZone`, series with it."""
    insert(ada, id="single")
    insert(ada, id="series", recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    sim.admin.set_setting("zones_left_out", True)
    listed = {item["id"]: item for item in ada("events.list", calendarId=ADA)["items"]}
    dates = ada("events.instances", calendarId=ADA, eventId="series")["items"]

    assert set(listed["single"]["start"]) == set(dates[0]["end"]) == {"dateTime"}
    assert listed["series"]["start"]["timeZone"] == "Europe/Zurich"


def test_a_patch_can_name_one_attendee_only(ada):
    """With attendeesOmitted the others stay as they are."""
    guests = [{"email": BOB}, {"email": "cleo@example.com", "responseStatus": "tentative"}]
    made = insert(ada, attendees=guests)
    change = {"attendeesOmitted": True, "attendees": [{"email": BOB, "responseStatus": "accepted"}]}
    after = ada("events.patch", change, calendarId=ADA, eventId=made["id"])

    assert {each["email"]: each["responseStatus"] for each in after["attendees"]} == {
        BOB: "accepted",
        "cleo@example.com": "tentative",
    }


def test_written_answers_can_be_taken_back(sim, ada):
    """A switch: an answer that is written for somebody else becomes needsAction, their own stays."""
    sim.admin.set_setting("responses_reset", True)
    made = insert(ada, attendees=[{"email": BOB, "responseStatus": "accepted"}])
    answered = sim.owner.guest_responds(ADA, made["id"], guest=BOB, response="accepted")

    assert made["attendees"][0]["responseStatus"] == "needsAction"
    change = {"attendees": answered["attendees"]}
    after = ada("events.patch", change, calendarId=ADA, eventId=made["id"])
    assert after["attendees"][0]["responseStatus"] == "accepted"


def test_what_a_person_deleted_stays_deleted(sim, ada):
    """An app's deletion can be taken back, a person's not: 403, unless the setting says otherwise."""
    for event in ("apps0", "hand0"):
        insert(ada, id=event)
    ada("events.delete", calendarId=ADA, eventId="apps0")
    sim.owner.delete_event(ADA, "hand0")
    back = {"status": "confirmed"}

    assert ada("events.patch", back, calendarId=ADA, eventId="apps0")["status"] == "confirmed"
    assert refused(ada, "events.patch", back, calendarId=ADA, eventId="hand0") == (403, "forbidden")
    sim.admin.set_setting("refuse_updates_of_ui_deleted", False)
    assert ada("events.patch", back, calendarId=ADA, eventId="hand0")["status"] == "confirmed"


def test_deleted_events_vanish_after_their_time_and_their_ids_stay_taken(sim, ada, connect, clock):
    """A switch: then reading is a 404, older sync tokens have ended, and the id cannot be used again."""
    sim.admin.set_setting("tombstone_life", 86400)
    insert(ada, id="event0")
    token = ada("events.list", calendarId=ADA)["nextSyncToken"]
    ada("events.delete", calendarId=ADA, eventId="event0")
    shown = ada("events.get", calendarId=ADA, eventId="event0")["status"]
    clock.forward(hours=25)
    ada = connect(ADA)

    assert shown == "cancelled"
    assert refused(ada, "events.list", calendarId=ADA, syncToken=token) == (410, "fullSyncRequired")
    assert refused(ada, "events.get", calendarId=ADA, eventId="event0") == (404, "notFound")
    assert refused(insert, ada, id="event0") == (409, "duplicate")


def test_imports_of_what_is_known_can_be_duplicates(sim, ada):
    """A switch for events that are there; a deleted one is never brought back."""
    body = timed(DAY) | {"iCalUID": "uid@example.com"}
    made = ada("events.import", body, calendarId=ADA)
    again = ada("events.import", body | {"summary": "new"}, calendarId=ADA)
    sim.admin.set_setting("refuse_known_imports", True)

    assert again["id"] == made["id"]
    assert refused(ada, "events.import", body, calendarId=ADA) == (409, "duplicate")
    sim.admin.set_setting("refuse_known_imports", False)
    ada("events.delete", calendarId=ADA, eventId=made["id"])
    assert refused(ada, "events.import", body, calendarId=ADA) == (409, "duplicate")


def test_apps_can_do_little_with_birthdays(sim, ada):
    """No deletion, no other times, no private properties; another colour is fine."""
    yearly = ["RRULE:FREQ=YEARLY"]
    body = all_day(
        "2026-10-05", eventType="birthday", recurrence=yearly, birthdayProperties={"type": "birthday"}
    )
    made = ada("events.insert", body, calendarId=ADA)
    where = {"calendarId": ADA, "eventId": made["id"]}
    marked = {"extendedProperties": {"private": {"mark": "1"}}}

    assert refused(ada, "events.insert", body | marked, calendarId=ADA) == (400, "malformedSpecialEvent")
    assert refused(ada, "events.delete", **where) == (400, "eventTypeRestriction")
    assert refused(ada, "events.patch", {"location": "home"}, **where) == (400, "eventTypeRestriction")
    assert ada("events.patch", {"colorId": "3"}, **where)["colorId"] == "3"
    sim.owner.delete_event(ADA, made["id"])


def test_a_patch_of_a_status_event_must_not_name_its_type(ada):
    """Even the same type is a 400."""
    made = insert(ada, eventType="focusTime")
    where = {"calendarId": ADA, "eventId": made["id"]}

    assert refused(ada, "events.patch", {"eventType": "focusTime"}, **where) == (400, "eventTypeRestriction")


def test_a_group_members_invitation_has_no_entry_of_their_own(sim, ada):
    """Only the group is an attendee."""
    made = sim.owner.receive_invitation(
        ADA, timed(DAY) | {"attendees": [{"email": "team@example.com"}]}, organizer="boss@example.com"
    )
    shown = ada("events.get", calendarId=ADA, eventId=made["id"])

    assert [each["email"] for each in shown["attendees"]] == ["team@example.com"]
    assert not any(each.get("self") for each in shown["attendees"])


def test_other_programs_events_are_listed_as_they_are(sim, ada):
    """An all-day out-of-office, a type that nobody knows, a cancelled instance with an old time."""
    odd = [
        all_day("2026-10-05", id="days1", eventType="outOfOffice"),
        timed(DAY, id="newtype", eventType="someday"),
        timed(DAY, id="gone1", status="cancelled"),
    ]
    for body in odd:
        sim.owner.put_raw(ADA, body)
    path = ada.client.get(
        f"/calendar/v3/calendars/{ADA}/events", headers={"Authorization": f"Bearer {ada.token}"}
    )

    assert {item["id"] for item in path.get_json()["items"]} >= {"days1", "newtype"}
