import pytest

from tests.local.google.driver import Refused, timed

ADA, BOB, EVE = "ada@example.test", "bob@example.test", "eve@outside.test"
DAY = "2026-10-05T10:00:00"


def mails(sim):
    found = [(mail["kind"], mail["to"]) for mail in sim.admin.mails()]
    sim.admin.clear_logs()
    return found


@pytest.fixture
def meeting(ada):
    """An event whose attendee Bob has a Google account here; Eve has none."""
    body = timed(DAY, id="meeting0", summary="Plan", attendees=[{"email": BOB}, {"email": EVE}])
    return ada("events.insert", body, calendarId=ADA)


def test_attendees_get_a_copy_with_the_same_id(ada, bob, meeting):
    """The copy in the attendee's primary calendar has the same id and iCalUID, and its own `self` flag."""
    copy = bob("events.get", calendarId=BOB, eventId=meeting["id"])

    assert (copy["id"], copy["iCalUID"], copy["summary"]) == (meeting["id"], meeting["iCalUID"], "Plan")
    assert copy["organizer"] == {"email": ADA}
    assert copy["attendees"][0] == {"email": BOB, "responseStatus": "needsAction", "self": True}


@pytest.mark.pitfall(21)
def test_default_sends_no_mail(sim, ada, meeting):
    """Pitfall 21: without sendUpdates no mail is sent, whatever is done."""
    where = {"calendarId": ADA, "eventId": meeting["id"]}
    ada("events.patch", timed("2026-10-05T12:00:00"), **where)
    ada("events.delete", **where)

    assert mails(sim) == []


@pytest.mark.pitfall(21)
def test_each_attendee_gets_one_mail_of_the_right_kind(sim, ada):
    """Pitfall 21: new attendees get an invitation, remaining ones an update, removed ones a cancellation."""
    body = timed(DAY, attendees=[{"email": BOB}, {"email": EVE}])
    made = ada("events.insert", body, calendarId=ADA, sendUpdates="all")
    where = {"calendarId": ADA, "eventId": made["id"], "sendUpdates": "all"}

    assert mails(sim) == [("invitation", BOB), ("invitation", EVE)]

    ada("events.patch", {"colorId": "3"}, **where)
    assert mails(sim) == []

    ada("events.patch", timed("2026-10-05T12:00:00", attendees=[{"email": EVE}]), **where)
    assert mails(sim) == [("cancellation", BOB), ("update", EVE)]

    ada("events.delete", **where)
    assert mails(sim) == [("cancellation", EVE)]


def test_external_only_sends_no_mail_to_google_accounts(sim, ada):
    """ExternalOnly sends mails to those without a Google calendar; the older sendNotifications to all."""
    body = timed(DAY, attendees=[{"email": BOB}, {"email": EVE}])
    ada("events.insert", body, calendarId=ADA, sendUpdates="externalOnly")
    assert mails(sim) == [("invitation", EVE)]

    ada("events.insert", body, calendarId=ADA, sendNotifications=True)
    assert len(mails(sim)) == 2


def test_a_setting_sends_mails_in_spite_of_none(sim, ada):
    """With the setting mail_despite_none, Google sends mails although sendUpdates is none."""
    sim.admin.set_setting("mail_despite_none", True)
    ada("events.insert", timed(DAY, attendees=[{"email": EVE}]), calendarId=ADA, sendUpdates="none")

    assert mails(sim) == [("invitation", EVE)]


@pytest.mark.parametrize(
    "change", [{"summary": "x"}, {"attendees": [{"email": BOB}]}, timed("2026-10-05T12:00:00")]
)
def test_attendees_cannot_change_shared_fields(bob, meeting, change):
    """An attendee who changes shared fields gets forbiddenForNonOrganizer."""
    with pytest.raises(Refused) as caught:
        bob("events.patch", change, calendarId=BOB, eventId=meeting["id"])

    item = caught.value.body["error"]["errors"][0]
    assert (caught.value.status, item["domain"], item["reason"]) == (
        403,
        "calendar",
        "forbiddenForNonOrganizer",
    )


def test_put_without_guest_flags_counts_as_changing_them(sim, ada, bob):
    """A flag that a PUT leaves out takes its default, which an attendee may not set."""
    body = timed(DAY, id="meeting0", attendees=[{"email": BOB}], guestsCanInviteOthers=False)
    ada("events.insert", body, calendarId=ADA)
    copy = bob("events.get", calendarId=BOB, eventId="meeting0")
    copy.pop("guestsCanInviteOthers")

    with pytest.raises(Refused) as caught:
        bob("events.update", copy, calendarId=BOB, eventId="meeting0")

    assert caught.value.reason == "forbiddenForNonOrganizer"


def test_attendees_change_their_own_fields_and_answer(sim, ada, bob, meeting):
    """Colour, transparency and private properties stay on the copy; the answer reaches the organizer."""
    where = {"calendarId": BOB, "eventId": meeting["id"]}
    own = {"colorId": "3", "transparency": "transparent", "extendedProperties": {"private": {"a": "b"}}}
    bob("events.patch", own, **where)
    answer = [{"email": BOB, "responseStatus": "accepted"}, {"email": EVE}]
    bob("events.patch", {"attendees": answer}, sendUpdates="all", **where)
    original = ada("events.get", calendarId=ADA, eventId=meeting["id"])

    assert original["attendees"][0]["responseStatus"] == "accepted"
    assert not {"colorId", "transparency", "extendedProperties"} & original.keys()
    assert mails(sim) == [("response", ADA)]

    ada("events.patch", {"summary": "Renamed"}, calendarId=ADA, eventId=meeting["id"])
    copy = bob("events.get", **where)

    assert (copy["summary"], copy["colorId"], copy["extendedProperties"]) == (
        "Renamed",
        "3",
        {"private": {"a": "b"}},
    )


def test_attendee_deletes_only_the_own_copy(ada, bob, meeting):
    """For the organizer, the attendee's deletion is a declined answer."""
    bob("events.delete", calendarId=BOB, eventId=meeting["id"])
    original = ada("events.get", calendarId=ADA, eventId=meeting["id"])

    assert (original["status"], original["attendees"][0]["responseStatus"]) == ("confirmed", "declined")


def test_organizers_deletion_cancels_every_copy(ada, bob, meeting):
    """The attendee's copy is cancelled, and shows its id only."""
    ada("events.delete", calendarId=ADA, eventId=meeting["id"])

    assert bob("events.get", calendarId=BOB, eventId=meeting["id"]).keys() == {"kind", "etag", "id", "status"}


@pytest.mark.pitfall(18)
def test_decline_keeps_the_event_and_frees_the_time(sim, bob, meeting):
    """Pitfall 18: a declined event stays listed and opaque, but does not count in free/busy."""
    window = {"time_min": "2026-10-05T00:00:00Z", "time_max": "2026-10-06T00:00:00Z"}
    before = sim.inspect.busy(BOB, **window)
    sim.owner.respond(BOB, meeting["id"], "declined")
    copy = bob("events.get", calendarId=BOB, eventId=meeting["id"])

    assert (copy["status"], copy["attendees"][0]["responseStatus"]) == ("confirmed", "declined")
    assert "transparency" not in copy
    assert (len(before), sim.inspect.busy(BOB, **window)) == (1, [])


def test_attendees_copies_of_instances_follow(sim, ada, bob):
    """A moved instance moves in the attendee's calendar too; an attendee can decline one instance."""
    body = timed(DAY, id="series", attendees=[{"email": BOB}], recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    ada("events.insert", body, calendarId=ADA)
    instance = "series_20261006T080000Z"
    sim.owner.shift_event(ADA, instance, minutes=60)
    sim.owner.respond(BOB, "series_20261007T080000Z", "declined")
    moved = bob("events.get", calendarId=BOB, eventId=instance)
    declined = ada("events.get", calendarId=ADA, eventId="series_20261007T080000Z")

    assert moved["start"]["dateTime"] == "2026-10-06T11:00:00+02:00"
    assert declined["attendees"][0]["responseStatus"] == "declined"
    assert (
        ada("events.get", calendarId=ADA, eventId="series")["attendees"][0]["responseStatus"] == "needsAction"
    )


def test_outside_invitation_arrives_unanswered(sim, ada):
    """An invitation from outside has a foreign organizer and is not yet answered."""
    made = sim.owner.receive_invitation(ADA, timed(DAY, summary="Pitch"), organizer=EVE)
    found = ada("events.get", calendarId=ADA, eventId=made["id"])

    assert found["organizer"] == {"email": EVE}
    assert found["attendees"][1] == {"email": ADA, "responseStatus": "needsAction", "self": True}


@pytest.mark.pitfall(20)
def test_too_many_attendees_exceed_the_usage_limit(sim, ada):
    """Pitfall 20: adding attendees exceeds the usage limit while other writes still pass."""
    sim.admin.set_setting("guest_budget", 2)
    ada("events.insert", timed(DAY, attendees=[{"email": BOB}, {"email": EVE}]), calendarId=ADA)

    with pytest.raises(Refused) as caught:
        ada("events.insert", timed(DAY, attendees=[{"email": EVE}]), calendarId=ADA)

    error = caught.value.body["error"]
    assert (error["code"], error["message"]) == (403, "Calendar usage limits exceeded.")
    assert (error["errors"][0]["domain"], error["errors"][0]["reason"]) == ("usageLimits", "quotaExceeded")
    ada("events.insert", timed(DAY), calendarId=ADA)
