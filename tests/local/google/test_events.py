import pytest

from tests.local.google.driver import ADA, Refused, all_day, timed

DAY = "2026-10-05T10:00:00"


def refused(call, *arguments, **named):
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return caught.value.status, caught.value.reason


def test_insert_fills_in_googles_fields(ada):
    """A new event has id, iCalUID, etag, organizer, creator, sequence and its calendar's zone."""
    made = ada("events.insert", timed(DAY, summary="Dentist"), calendarId="primary")

    assert made["iCalUID"] == f"{made['id']}@google.com"
    assert made["organizer"] == made["creator"] == {"email": ADA, "self": True}
    assert made["start"] == {"dateTime": "2026-10-05T10:00:00+02:00", "timeZone": "Europe/Zurich"}
    assert (made["sequence"], made["status"], made["eventType"]) == (0, "confirmed", "default")
    assert made["etag"] == ada.headers["ETag"]
    assert "transparency" not in made


def test_read_returns_what_was_written(ada):
    """The primary alias and the percent-encoded id name the same calendar."""
    made = ada("events.insert", timed(DAY), calendarId="primary")

    assert made == ada("events.get", calendarId=ADA, eventId=made["id"])


@pytest.mark.parametrize("bad", ["abcd", "ABCDEF", "wxyz12", "ab-cde", "ab_cde", "a" * 1025])
def test_invalid_client_ids_are_refused(ada, bad):
    """An event id must match [a-v0-9]{5,1024}."""
    assert refused(ada, "events.insert", timed(DAY, id=bad), calendarId=ADA) == (400, "invalid")


@pytest.mark.pitfall(13)
def test_used_id_stays_a_duplicate(ada):
    """Pitfall 13: inserting a used id is 409, also after the event was deleted; the body is not applied."""
    ada("events.insert", timed(DAY, id="abcde12345", summary="one"), calendarId=ADA)
    again = timed(DAY, id="abcde12345", summary="two")

    assert refused(ada, "events.insert", again, calendarId=ADA) == (409, "duplicate")
    assert ada("events.get", calendarId=ADA, eventId="abcde12345")["summary"] == "one"

    ada("events.delete", calendarId=ADA, eventId="abcde12345")

    assert refused(ada, "events.insert", again, calendarId=ADA) == (409, "duplicate")
    assert ada("events.get", calendarId=ADA, eventId="abcde12345")["status"] == "cancelled"


def test_ids_are_unique_per_calendar_only(sim, ada):
    """The same event id may exist in two calendars."""
    other = sim.admin.add_calendar(ADA, "Other")
    ada("events.insert", timed(DAY, id="abcde12345"), calendarId=ADA)

    assert ada("events.insert", timed(DAY, id="abcde12345"), calendarId=other)["id"] == "abcde12345"


def test_insert_takes_id_or_icaluid_but_not_both(ada):
    """An insert with both is refused; a used iCalUID is a duplicate."""
    assert refused(ada, "events.insert", timed(DAY, id="abcde", iCalUID="x@y"), calendarId=ADA)[0] == 400
    ada("events.insert", timed(DAY, iCalUID="x@y"), calendarId=ADA)
    assert refused(ada, "events.insert", timed(DAY, iCalUID="x@y"), calendarId=ADA) == (409, "duplicate")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "required"),
        ({"start": {"date": "2026-10-05"}, "end": {"dateTime": "2026-10-05T10:00:00Z"}}, "invalid"),
        ({"start": {"date": "2026-10-05", "dateTime": "2026-10-05T10:00:00Z"}, "end": {}}, "invalid"),
        (timed(DAY, -5), "timeRangeEmpty"),
        (all_day("2026-10-05", 0), "timeRangeEmpty"),
        ({"start": {"dateTime": DAY}, "end": {"dateTime": DAY}}, "required"),
        (timed(DAY) | {"start": {"dateTime": DAY, "timeZone": "Mars/Base"}}, "invalid"),
        (timed(DAY, status="maybe"), "invalid"),
        (timed(DAY, summary=7), "parseError"),
        ({"start": "now", "end": {}}, "parseError"),
        (timed(DAY, attendees={"email": "x@y.test"}), "parseError"),
        (timed(DAY, attendees=["x@y.test"]), "parseError"),
        (timed(DAY, reminders={"overrides": [{"method": "popup", "minutes": "5"}]}), "parseError"),
        (timed(DAY, extendedProperties={"private": {"a": 1}}), "parseError"),
        (timed(DAY, attendees=[{"displayName": "x"}]), "required"),
        (timed(DAY, recurrence=["DTSTART:20261005T100000Z"]), "invalid"),
        (timed(DAY, recurrence=["RRULE:FREQ=SOMETIMES"]), "invalid"),
        (timed(DAY, colorId="99"), "invalid"),
    ],
)
def test_invalid_bodies_are_refused(ada, body, reason):
    """A body that Google would not store is a 400 with a reason."""
    assert refused(ada, "events.insert", body, calendarId=ADA) == (400, reason)


def test_recurring_events_need_a_named_zone(ada):
    """A recurring event needs an IANA time zone, because an offset does not cover DST changes."""
    body = {
        "start": {"dateTime": "2026-10-05T10:00:00+02:00"},
        "end": {"dateTime": "2026-10-05T11:00:00+02:00"},
        "recurrence": ["RRULE:FREQ=DAILY"],
    }

    assert refused(ada, "events.insert", body, calendarId=ADA) == (400, "required")


def test_if_match_refuses_an_old_etag(ada):
    """A write with an old etag is 412 and changes nothing; with the current one it passes."""
    made = ada("events.insert", timed(DAY), calendarId=ADA)
    where = {"calendarId": ADA, "eventId": made["id"]}
    newer = ada("events.patch", {"summary": "b"}, **where)
    old, new = {"If-Match": made["etag"]}, {"If-Match": newer["etag"]}

    assert refused(ada, "events.patch", {"summary": "c"}, headers=old, **where) == (412, "conditionNotMet")
    assert refused(ada, "events.delete", headers=old, **where) == (412, "conditionNotMet")
    assert ada("events.get", **where)["summary"] == "b"
    assert ada("events.patch", {"summary": "c"}, headers=new, **where)["summary"] == "c"


def test_if_none_match_answers_304(ada):
    """Reading the version that the client already has is a 304 without a body."""
    made = ada("events.insert", timed(DAY), calendarId=ADA)

    with pytest.raises(Refused) as caught:
        ada("events.get", headers={"If-None-Match": made["etag"]}, calendarId=ADA, eventId=made["id"])

    assert (caught.value.status, caught.value.body) == (304, None)


def test_etags_differ_between_accounts(sim, ada, bob):
    """Two accounts see different etags of the same event."""
    sim.admin.share(ADA, "bob@example.test", "reader")
    made = ada("events.insert", timed(DAY), calendarId=ADA)

    assert bob("events.get", calendarId=ADA, eventId=made["id"])["etag"] != made["etag"]


def test_patch_merges_and_put_replaces(ada):
    """PATCH keeps what it does not name, null clears, properties merge; PUT clears what it leaves out."""
    properties = {"private": {"a": "1", "b": "2"}, "shared": {"c": "3"}}
    made = ada("events.insert", timed(DAY, location="Here", extendedProperties=properties), calendarId=ADA)
    where = {"calendarId": ADA, "eventId": made["id"]}
    patched = ada("events.patch", {"extendedProperties": {"private": {"a": None, "d": "4"}}}, **where)

    assert patched["extendedProperties"] == {"private": {"b": "2", "d": "4"}, "shared": {"c": "3"}}
    assert patched["location"] == "Here"

    replaced = ada("events.update", timed(DAY, summary="New"), **where)

    assert "location" not in replaced
    assert "extendedProperties" not in replaced


def test_turning_a_timed_event_into_an_all_day_one_needs_null(ada):
    """PATCH merges start and end, so dateTime must be set to null when date is set."""
    made = ada("events.insert", timed(DAY), calendarId=ADA)
    where = {"calendarId": ADA, "eventId": made["id"]}
    day = all_day("2026-10-05")

    assert refused(ada, "events.patch", day, **where) == (400, "invalid")

    nulled = {name: value | {"dateTime": None, "timeZone": None} for name, value in day.items()}

    assert ada("events.patch", nulled, **where)["end"] == {"date": "2026-10-06"}


def test_sequence_rises_with_time_changes_and_must_not_fall(ada):
    """A change of times raises the sequence; a PUT without it counts as 0 and is then refused."""
    made = ada("events.insert", timed(DAY), calendarId=ADA)
    where = {"calendarId": ADA, "eventId": made["id"]}
    moved = ada("events.update", timed("2026-10-05T12:00:00"), **where)

    assert moved["sequence"] == 1
    assert refused(ada, "events.update", timed(DAY), **where) == (400, "invalid")
    assert ada("events.update", timed(DAY, sequence=1), **where)["sequence"] == 2
    assert ada("events.patch", {"summary": "x"}, **where)["sequence"] == 2


def test_deleting_twice_is_410(ada):
    """The second DELETE is 410 deleted; for an id that never existed it is 404."""
    made = ada("events.insert", timed(DAY), calendarId=ADA)
    where = {"calendarId": ADA, "eventId": made["id"]}
    ada("events.delete", **where)

    assert refused(ada, "events.delete", **where) == (410, "deleted")
    assert refused(ada, "events.delete", calendarId=ADA, eventId="neverwas") == (404, "notFound")


@pytest.mark.pitfall(13)
def test_status_confirmed_restores_a_deleted_event(sim, ada):
    """Pitfall 13: status confirmed restores a deleted event, unless the setting for the trash refuses it."""
    made = ada("events.insert", timed(DAY, summary="Back"), calendarId=ADA)
    where = {"calendarId": ADA, "eventId": made["id"]}
    ada("events.delete", **where)

    assert ada("events.patch", {"summary": "Still gone"}, **where)["status"] == "cancelled"
    assert ada("events.patch", {"status": "confirmed"}, **where)["status"] == "confirmed"

    sim.owner.delete_event(ADA, made["id"])
    sim.admin.set_setting("refuse_updates_of_ui_deleted", True)

    assert refused(ada, "events.patch", {"status": "confirmed"}, **where) == (403, "forbidden")
    assert sim.owner.restore_event(ADA, made["id"])["status"] == "confirmed"


def test_purged_events_are_not_found(sim, ada):
    """A deleted event that Google has forgotten is 404."""
    made = ada("events.insert", timed(DAY), calendarId=ADA)
    sim.owner.delete_event(ADA, made["id"])
    sim.owner.purge(ADA, made["id"])

    assert refused(ada, "events.get", calendarId=ADA, eventId=made["id"]) == (404, "notFound")


def test_extended_properties_are_dropped_cut_and_limited(ada):
    """Long keys are dropped, long values are cut, and more than 300 properties are refused."""
    properties = {"private": {"k" * 45: "x", "v": "y" * 2000}}
    made = ada("events.insert", timed(DAY, extendedProperties=properties), calendarId=ADA)
    many = {"private": {f"k{number}": "v" for number in range(301)}}

    assert made["extendedProperties"] == {"private": {"v": "y" * 1024}}
    assert refused(ada, "events.insert", timed(DAY, extendedProperties=many), calendarId=ADA)[0] == 400


def test_reminders_are_per_user_and_do_not_change_updated(sim, ada, bob):
    """Each user has own reminders on a shared event, and setting them does not change `updated`."""
    sim.admin.share(ADA, "bob@example.test", "writer")
    made = ada("events.insert", timed(DAY, reminders={"useDefault": False}), calendarId=ADA)
    where = {"calendarId": ADA, "eventId": made["id"]}
    override = {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]}
    changed = bob("events.patch", {"reminders": override}, **where)

    assert (changed["reminders"], changed["updated"]) == (override, made["updated"])
    assert ada("events.get", **where)["reminders"] == {"useDefault": False}


def test_updated_always_increases(ada):
    """Even while the clock stands still, no two changes have the same `updated`."""
    made = [ada("events.insert", timed(DAY), calendarId=ADA)["updated"] for _ in range(5)]

    assert made == sorted(set(made))


def test_import_keeps_icaluid_and_foreign_organizer(sim, ada):
    """Import needs an iCalUID, keeps a foreign organizer, sends no mails, and updates when repeated."""
    body = timed(DAY, iCalUID="x@elsewhere.test", organizer={"email": "eve@elsewhere.test"})
    made = ada("events.import", body, calendarId=ADA)

    assert made["organizer"] == {"email": "eve@elsewhere.test"}
    assert refused(ada, "events.import", timed(DAY), calendarId=ADA) == (400, "required")
    assert ada("events.import", body, calendarId=ADA)["id"] == made["id"]
    assert sim.admin.mails() == []


def test_move_leaves_a_cancelled_event_with_its_id_only(sim, ada):
    """Moving keeps id and iCalUID; in the old calendar a cancelled event shows its id only."""
    other = sim.admin.add_calendar(ADA, "Other")
    made = ada("events.insert", timed(DAY), calendarId=ADA)
    moved = ada("events.move", calendarId=ADA, eventId=made["id"], destination=other)
    stub = ada("events.get", calendarId=ADA, eventId=made["id"])

    assert (moved["id"], moved["iCalUID"]) == (made["id"], made["iCalUID"])
    assert moved["organizer"]["email"] == other
    assert stub.keys() == {"kind", "etag", "id", "status"}


def test_source_is_seen_by_its_creator_only(sim, ada, bob):
    """The field `source` is shown to the creator of the event only."""
    sim.admin.share(ADA, "bob@example.test", "reader")
    source = {"title": "Slotbridge", "url": "https://app.example.test/b/1"}
    made = ada("events.insert", timed(DAY, source=source), calendarId=ADA)

    assert made["source"] == source
    assert "source" not in bob("events.get", calendarId=ADA, eventId=made["id"])


def test_malformed_json_is_a_parse_error(ada):
    """A body that is not a JSON object is a 400, never a 500."""
    path = f"/calendar/v3/calendars/{ADA}/events"
    headers = {"Authorization": f"Bearer {ada.token}"}

    assert ada.client.post(path, data="{", headers=headers).get_json()["error"]["code"] == 400
    assert ada.client.post(path, data="[]", headers=headers).get_json()["error"]["code"] == 400
