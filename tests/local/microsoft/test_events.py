import pytest

from tests.local.microsoft.driver import ADA, BOB, ZURICH, Refused, all_day, guest, starts, timed, weekly

MARK = "String {66f5a359-4659-4830-9070-00040ec6ac6e} Name slotbridge"


def test_create_answers_the_event_in_utc(ada):
    """Times come back in UTC with seven digits; omitted properties have Exchange's defaults."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))

    assert {"dateTime": "2026-10-05T08:00:00.0000000", "timeZone": "UTC"} == made["start"]
    assert (ZURICH, "singleInstance", True) == (
        made["originalStartTimeZone"],
        made["type"],
        made["isOrganizer"],
    )
    assert ("busy", True, 15) == (made["showAs"], made["isReminderOn"], made["reminderMinutesBeforeStart"])
    assert ada.headers["ETag"] == made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    assert ada.headers["Location"].endswith(made["id"])
    assert "transactionId" not in made


def test_header_chooses_the_time_zone_of_the_answer(ada):
    """Prefer: outlook.timezone changes the answer, not how the body is read."""
    ada.prefer.append(f'outlook.timezone="{ZURICH}"')
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00", zone="UTC"))

    assert {"dateTime": "2026-10-05T12:00:00.0000000", "timeZone": ZURICH} == made["start"]
    assert "outlook.timezone" in ada.headers["Preference-Applied"]


@pytest.mark.parametrize("zone", ["Europe/Zurich", "Greenwich Mean Time", "tzone://Microsoft/Custom", "Mars"])
def test_unknown_time_zones_are_refused(ada, zone):
    """Bodies and headers may name Windows zones and the listed IANA zones only."""
    with pytest.raises(Refused) as body:
        ada("POST", "/me/events", timed("2026-10-05T10:00:00", zone=zone))
    ada.prefer.append(f'outlook.timezone="{zone}"')
    with pytest.raises(Refused) as header:
        ada("GET", "/me/events")

    assert [(400, "TimeZoneNotSupportedException")] * 2 == [
        (each.value.status, each.value.code) for each in (body, header)
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Eastern Standard Time", "UTC"])
def test_listed_time_zones_are_accepted(ada, zone):
    """Windows names and the listed IANA names are accepted."""
    assert zone == ada("POST", "/me/events", timed("2026-10-05T10:00:00", zone=zone))["originalStartTimeZone"]


def test_all_day_events_are_midnight_in_every_zone(ada):
    """All-day events are never converted to another time zone."""
    made = ada("POST", "/me/events", all_day("2026-10-05", days=2))
    ada.prefer.append('outlook.timezone="Pacific Standard Time"')
    read = ada("GET", f"/me/events/{made['id']}")

    assert ["2026-10-05T00:00:00.0000000", "2026-10-07T00:00:00.0000000"] == [
        read["start"]["dateTime"],
        read["end"]["dateTime"],
    ]
    assert made["start"]["dateTime"] == read["start"]["dateTime"]
    assert "Pacific Standard Time" == read["start"]["timeZone"]


@pytest.mark.parametrize(
    "body",
    [
        all_day("2026-10-05") | {"start": {"dateTime": "2026-10-05T08:00:00", "timeZone": ZURICH}},
        all_day("2026-10-05") | {"end": {"dateTime": "2026-10-06T00:00:00", "timeZone": "UTC"}},
        all_day("2026-10-05", days=0),
        timed("2026-10-05T10:00:00", minutes=-5),
        {"subject": "no times"},
        timed("2026-10-05T10:00:00", showAs="away"),
        timed("2026-10-05T10:00:00", colour="red"),
        timed("2026-10-05T10:00:00", isAllDay="yes"),
        timed("2026-10-05T10:00:00", iCalUId="mine"),
        timed("2026-10-05T10:00:00", attendees=[{"type": "required"}]),
        timed("2026-10-05T10:00:00", singleValueExtendedProperties=[{"id": "mine", "value": "x"}]),
        timed("2026-10-05T10:00:00") | {"start": {"dateTime": "tomorrow", "timeZone": "UTC"}},
        timed("2026-10-05T10:00:00", recurrence={"pattern": {"type": "weekly"}}),
        timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday", endDate="2026-10-01")),
    ],
)
def test_invalid_bodies_are_refused(ada, body):
    """Unknown, read-only or wrongly typed properties, wrong times and wrong recurrences are 400."""
    with pytest.raises(Refused) as caught:
        ada("POST", "/me/events", body)

    assert 400 == caught.value.status
    assert ada("GET", "/me/events")["value"] == []


def test_patch_changes_only_what_is_sent(ada):
    """A new location replaces the list of locations; other properties stay; the change key is new."""
    made = ada(
        "POST",
        "/me/events",
        timed("2026-10-05T10:00:00", location={"displayName": "Salon"}, categories=["A"]),
    )
    changed = ada(
        "PATCH", f"/me/events/{made['id']}", {"subject": "Beard", "location": {"displayName": "Home"}}
    )

    assert ("Beard", ["A"], made["start"]) == (changed["subject"], changed["categories"], changed["start"])
    assert ["Home"] == [each["displayName"] for each in changed["locations"]]
    assert made["changeKey"] != changed["changeKey"]


def test_if_match_with_an_old_etag_is_412(ada):
    """An old etag refuses PATCH and DELETE; the current one and * do not."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    path, old = f"/me/events/{made['id']}", {"If-Match": made["@odata.etag"]}
    ada("PATCH", path, {"subject": "B"}, headers=old)
    for verb, body in (("PATCH", {"subject": "C"}), ("DELETE", None)):
        with pytest.raises(Refused) as caught:
            ada(verb, path, body, headers=old)
        assert (412, "ErrorIrresolvableConflict") == (caught.value.status, caught.value.code)
    ada("DELETE", path, headers={"If-Match": "*"})


def test_exchange_gives_new_change_keys_by_itself(sim, ada, clock, calendar):
    """A bump changes nothing but the change key, at once or some time after the creation."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.admin.bump(calendar, made["id"])
    bumped = ada("GET", f"/me/events/{made['id']}")
    sim.admin.set_setting("bump_after", 5)
    second = ada("POST", "/me/events", timed("2026-10-06T10:00:00"))
    clock.forward(seconds=6)

    assert made["changeKey"] != bumped["changeKey"]
    assert second["changeKey"] != ada("GET", f"/me/events/{second['id']}")["changeKey"]
    changed = {"@odata.etag", "changeKey"}
    assert {name: value for name, value in made.items() if name not in changed} == {
        name: value for name, value in bumped.items() if name not in changed
    }


def test_ids_are_case_sensitive(ada):
    """An id in the wrong case is not found, and a text without the form of an id is malformed."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    with pytest.raises(Refused) as swapped:
        ada("GET", f"/me/events/A{made['id'][1:].swapcase()}")
    with pytest.raises(Refused) as nonsense:
        ada("GET", "/me/events/nonsense")

    assert (404, "ErrorItemNotFound") == (swapped.value.status, swapped.value.code)
    assert (400, "ErrorInvalidIdMalformed") == (nonsense.value.status, nonsense.value.code)


def test_move_changes_the_ordinary_id_only(sim, ada, connect, calendar):
    """After a move to another calendar the immutable id still works; the ordinary one does not."""
    plain = connect(immutable=False)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    ordinary = plain("GET", f"/me/events/{made['id']}")["id"]
    assert ordinary != made["id"]
    other = sim.admin.add_calendar(ADA, "Private")
    sim.owner.move_to_calendar(calendar, made["id"], other)
    with pytest.raises(Refused) as caught:
        plain("GET", f"/me/events/{ordinary}")

    assert (404, "ErrorItemNotFound") == (caught.value.status, caught.value.code)
    assert made["id"] == ada("GET", f"/me/calendars/{other}/events/{made['id']}")["id"]
    with pytest.raises(Refused):
        ada("GET", f"/me/calendars/{calendar}/events/{made['id']}")


def test_ids_can_be_translated(ada, connect):
    """TranslateExchangeIds converts one kind of id into the other."""
    made = connect(immutable=False)("POST", "/me/events", timed("2026-10-05T10:00:00"))
    body = {
        "inputIds": [made["id"], "nonsense"],
        "sourceIdType": "restId",
        "targetIdType": "restImmutableEntryId",
    }
    answer = ada("POST", "/me/translateExchangeIds", body)["value"]

    assert made["subject"] == ada("GET", f"/me/events/{answer[0]['targetId']}")["subject"]
    assert "ErrorInvalidIdMalformed" == answer[1]["errorDetails"]["code"]


def test_transaction_id_creates_once(ada):
    """A repeated transactionId answers 201 with the first event."""
    first = ada("POST", "/me/events", timed("2026-10-05T10:00:00", transactionId="t-1"))
    again = ada("POST", "/me/events", timed("2026-10-05T10:00:00", transactionId="t-1"))

    assert ("t-1", first["id"], first["start"]) == (again["transactionId"], again["id"], again["start"])
    assert 1 == len(ada("GET", "/me/events")["value"])
    with pytest.raises(Refused):
        ada("PATCH", f"/me/events/{first['id']}", {"transactionId": "t-2"})


@pytest.mark.parametrize(("outlives", "left"), [(False, 1), (True, 0)])
def test_transaction_id_after_a_deletion(sim, ada, outlives, left):
    """Microsoft does not document whether a transactionId outlives its event; a setting decides."""
    sim.admin.set_setting("transaction_outlives_event", outlives)
    body = timed("2026-10-05T10:00:00", transactionId="t-1")
    ada("DELETE", f"/me/events/{ada('POST', '/me/events', body)['id']}")
    ada("POST", "/me/events", body)

    assert left == len(ada("GET", "/me/events")["value"])


def test_extended_properties_are_found_but_not_shown(ada):
    """They are read by $expand and found by $filter; the id is case-sensitive, the value is not."""
    marked = [{"id": MARK, "value": "Booking-1"}]
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00", singleValueExtendedProperties=marked))
    ada("POST", "/me/events", timed("2026-10-06T10:00:00"))

    def found(name, value):
        test = f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and ep/value eq '{value}')"
        return [each["id"] for each in ada("GET", "/me/events", **{"$filter": test})["value"]]

    assert "singleValueExtendedProperties" not in made
    assert [made["id"]] == found(MARK, "booking-1")
    assert [] == found(MARK.replace("slotbridge", "Slotbridge"), "Booking-1")
    wanted = f"singleValueExtendedProperties($filter=id eq '{MARK}')"
    read = ada("GET", f"/me/events/{made['id']}", **{"$expand": wanted, "$select": "subject"})
    assert marked == read["singleValueExtendedProperties"]


def test_open_extensions_can_be_created_changed_and_deleted(ada):
    """An open extension is created, read, changed and deleted by its name."""
    path = f"/me/events/{ada('POST', '/me/events', timed('2026-10-05T10:00:00'))['id']}"
    body = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "test.slot", "a": 1}
    made = ada("POST", f"{path}/extensions", body)
    ada("PATCH", f"{path}/extensions/test.slot", {"b": 2})

    assert (1, 2) == tuple(ada("GET", f"{path}/extensions/{made['id']}")[name] for name in "ab")
    assert 1 == len(ada("GET", path, **{"$expand": "extensions"})["extensions"])
    ada("DELETE", f"{path}/extensions/test.slot")
    assert [] == ada("GET", f"{path}/extensions")["value"]


def test_bodies_do_not_come_back_as_sent(ada):
    """HTML bodies are wrapped and plain text becomes HTML, unless text is preferred."""
    made = ada(
        "POST", "/me/events", timed("2026-10-05T10:00:00", body={"contentType": "text", "content": "a < b"})
    )
    ada.prefer.append('outlook.body-content-type="text"')

    assert ("html", True) == (made["body"]["contentType"], "a &lt; b" in made["body"]["content"])
    read = ada("GET", f"/me/events/{made['id']}")["body"]
    assert {"contentType": "text", "content": "a < b"} == read


def test_odd_zone_names_are_shown(sim, ada):
    """Answers can have zone names that Exchange itself refuses; the times are right in UTC."""
    body = timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday"))
    made = sim.owner.put_event(ADA, body, zone_label="Customized Time Zone")
    read = ada("GET", f"/me/events/{made['id']}")

    assert ["Customized Time Zone"] * 2 == [
        read["originalStartTimeZone"],
        read["recurrence"]["range"]["recurrenceTimeZone"],
    ]
    assert ["2026-10-05T08:00"] == starts([read])


def test_unavailable_mailbox_is_404(sim, ada, bob):
    """Every calendar call of an unavailable mailbox is 404; the person can still be read."""
    sim.admin.set_mailbox_error(ADA)
    for path in ("/me/calendars", "/me/events", "/me/mailboxSettings"):
        with pytest.raises(Refused) as caught:
            ada("GET", path)
        assert (404, "MailboxNotEnabledForRESTAPI") == (caught.value.status, caught.value.code)
    assert "Ada Lovelace" == ada("GET", "/me")["displayName"]
    assert 1 == len(bob("GET", "/me/calendars")["value"])


def test_unknown_addresses_and_options_are_refused(ada):
    """A segment, method or $option that Graph does not have is a 400 or 405."""
    refused = []
    for verb, path in (("GET", "/me/nothing"), ("PUT", "/me/events"), ("GET", "/me/events?$sellect=id")):
        with pytest.raises(Refused) as caught:
            ada(verb, path)
        refused.append(caught.value.status)

    assert [400, 405, 400] == refused


def test_users_path_is_the_own_mailbox_only(ada, sim):
    """/users/{address} works for the caller's own mailbox only."""
    ada("POST", f"/users/{ADA}/events", timed("2026-10-05T10:00:00", attendees=[]))
    with pytest.raises(Refused) as caught:
        ada("GET", f"/users/{BOB}/events")

    assert 403 == caught.value.status
    assert 1 == len(ada("GET", "/me/events")["value"])
    assert [] == sim.admin.mails()


def test_more_than_500_attendees_are_refused(ada):
    """An event has at most 500 attendees."""
    people = [guest(f"p{number}@example.test") for number in range(501)]
    with pytest.raises(Refused) as caught:
        ada("POST", "/me/events", timed("2026-10-05T10:00:00", attendees=people))

    assert (400, "ErrorInvalidRecipients") == (caught.value.status, caught.value.code)
