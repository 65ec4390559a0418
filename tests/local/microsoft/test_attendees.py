import pytest

from tests.local.microsoft.driver import ADA, WINDOW, Refused, guest, timed, weekly

GUEST, SECOND = "guest@example.test", "second@example.test"


def mails(sim):
    found = [(each["kind"], each["to"]) for each in sim.admin.mails()]
    sim.admin.clear_logs()
    return found


@pytest.fixture
def meeting(ada):
    return ada("POST", "/me/events", timed("2026-10-05T10:00:00", attendees=[guest(GUEST)]))


def test_every_change_of_a_meeting_sends_mails(sim, ada, meeting):
    """Creating, changing and deleting send mails; nothing in the body prevents that."""
    path = f"/me/events/{meeting['id']}"
    assert [("invitation", GUEST)] == mails(sim)
    ada("PATCH", path, {"subject": "New", "responseRequested": False, "hideAttendees": True})
    assert [("update", GUEST)] == mails(sim)
    ada("PATCH", path, {"attendees": [guest(SECOND)]})
    assert {("invitation", SECOND), ("cancellation", GUEST)} == set(mails(sim))
    ada("PATCH", path, {"categories": ["A"], "isReminderOn": False})
    assert [] == mails(sim)
    ada("DELETE", path)
    assert [("cancellation", SECOND)] == mails(sim)


def test_events_without_attendees_send_no_mails(sim, ada):
    """Leaving attendees out is the only way to send no mail."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    ada("PATCH", f"/me/events/{made['id']}", {"subject": "New"})
    ada("DELETE", f"/me/events/{made['id']}")

    assert [] == mails(sim)


def test_repeated_transaction_invites_once(sim, ada):
    """A repeated create with the same transactionId sends no second invitation."""
    body = timed("2026-10-05T10:00:00", attendees=[guest(GUEST)], transactionId="t-1")
    ada("POST", "/me/events", body)
    ada("POST", "/me/events", body)

    assert [("invitation", GUEST)] == mails(sim)


def test_series_with_exceptions_sends_a_mail_for_each(sim, ada):
    """A change of a series sends one more mail for every exception."""
    body = timed("2026-10-05T10:00:00", attendees=[guest(GUEST)], recurrence=weekly("2026-10-05", "monday"))
    made = ada("POST", "/me/events", body)
    days = ada("GET", f"/me/events/{made['id']}/instances", **WINDOW)["value"]
    ada("PATCH", f"/me/events/{days[1]['id']}", {"subject": "Special"})
    mails(sim)
    ada("PATCH", f"/me/events/{made['id']}", {"location": {"displayName": "Home"}})

    assert [("update", GUEST)] * 2 == mails(sim)


def test_cancel_is_for_the_organizer(sim, ada, meeting):
    """Cancelling removes the organizer's event; an attendee cannot cancel."""
    invited = sim.owner.receive_invitation(ADA, timed("2026-10-06T10:00:00"), organizer=SECOND)
    with pytest.raises(Refused) as caught:
        ada("POST", f"/me/events/{invited['id']}/cancel", {"comment": "no"})
    mails(sim)
    ada("POST", f"/me/events/{meeting['id']}/cancel", {"comment": "sorry"})

    assert 400 == caught.value.status
    assert [("cancellation", GUEST)] == mails(sim)
    assert [invited["id"]] == [each["id"] for each in ada("GET", "/me/events")["value"]]


@pytest.mark.parametrize(
    ("action", "response", "show_as"),
    [("accept", "accepted", "busy"), ("tentativelyAccept", "tentativelyAccepted", "tentative")],
)
def test_response_to_an_invitation_is_kept_and_sent(sim, ada, action, response, show_as):
    """Before the response the event is tentative."""
    invited = sim.owner.receive_invitation(ADA, timed("2026-10-06T10:00:00"), organizer=SECOND)
    path = f"/me/events/{invited['id']}"
    ada("POST", f"{path}/{action}", {"sendResponse": True})
    read = ada("GET", path)

    assert ("notResponded", "tentative") == (invited["responseStatus"]["response"], invited["showAs"])
    assert (response, show_as, False) == (
        read["responseStatus"]["response"],
        read["showAs"],
        read["isOrganizer"],
    )
    assert [(response, SECOND)] == mails(sim)


@pytest.mark.parametrize(("keep", "left"), [(False, []), (True, ["declined"])])
def test_declined_event_leaves_the_calendar(sim, ada, keep, left):
    """A declined event is deleted, unless the setting keep_declined is on."""
    sim.admin.set_setting("keep_declined", keep)
    invited = sim.owner.receive_invitation(ADA, timed("2026-10-06T10:00:00"), organizer=SECOND)
    ada("POST", f"/me/events/{invited['id']}/decline", {"sendResponse": False})

    assert left == [each["responseStatus"]["response"] for each in ada("GET", "/me/events")["value"]]
    assert [] == mails(sim)


def test_organizer_cannot_respond(ada, meeting):
    """Only an attendee can accept or decline."""
    with pytest.raises(Refused) as caught:
        ada("POST", f"/me/events/{meeting['id']}/accept", {})

    assert 400 == caught.value.status


def test_response_to_one_occurrence_makes_it_an_exception(sim, ada):
    """Accepting one occurrence of an invitation changes that occurrence only."""
    body = timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday"))
    invited = sim.owner.receive_invitation(ADA, body, organizer=SECOND)
    day = ada("GET", f"/me/events/{invited['id']}/instances", **WINDOW)["value"][0]
    ada("POST", f"/me/events/{day['id']}/accept", {})
    read = ada("GET", f"/me/events/{day['id']}")

    assert ("exception", "accepted") == (read["type"], read["responseStatus"]["response"])


def test_cancelled_copy_stays(sim, ada):
    """When the organizer cancels, the attendee's copy can stay, marked as cancelled."""
    invited = sim.owner.receive_invitation(ADA, timed("2026-10-06T10:00:00"), organizer=SECOND)
    sim.owner.organizer_cancels(ADA, invited["id"])
    read = ada("GET", f"/me/events/{invited['id']}")

    assert (True, "free") == (read["isCancelled"], read["showAs"])


def test_an_attendees_response_arrives(sim, ada, meeting):
    """The attendee's status changes in the organizer's event."""
    sim.owner.guest_responds(ADA, meeting["id"], guest=GUEST, response="declined")

    read = ada("GET", f"/me/events/{meeting['id']}")
    assert ["declined"] == [each["status"]["response"] for each in read["attendees"]]


def test_owner_responds_in_outlook(sim, ada):
    """A response by hand is sent, too."""
    invited = sim.owner.receive_invitation(ADA, timed("2026-10-06T10:00:00"), organizer=SECOND)
    sim.owner.respond(ADA, invited["id"], "accept")

    assert [("accepted", SECOND)] == mails(sim)
    assert "busy" == ada("GET", f"/me/events/{invited['id']}")["showAs"]
