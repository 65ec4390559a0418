"""What Exchange does with writes; the numbers are rows of docs/provider-facts.md."""

import pytest

from tests.local.microsoft.driver import ADA, BOB, WINDOW, ZURICH, Refused, guest, timed, weekly


def test_a_transaction_id_with_another_body_is_refused(sim, ada):
    """400, naming the event that the id made (M40); as a setting it is answered with that event."""
    first = ada("POST", "/me/events", timed("2026-10-05T10:00:00", transactionId="t-1"))
    moved = timed("2026-10-06T10:00:00", transactionId="t-1")
    with pytest.raises(Refused) as caught:
        ada("POST", "/me/events", moved)
    assert (400, "ErrorDuplicateTransactionId") == (caught.value.status, caught.value.code)
    assert first["id"] == caught.value.body["error"]["@event.existingEventId"]

    sim.admin.set_setting("changed_transaction", "first")
    assert first["start"] == ada("POST", "/me/events", moved)["start"]
    assert 1 == len(ada("GET", "/me/events")["value"])


def test_a_transaction_id_can_outlive_its_event(sim, ada):
    """With another body it is then refused with the id of an event that is gone (M40, M42)."""
    sim.admin.set_setting("transaction_outlives_event", value=True)
    first = ada("POST", "/me/events", timed("2026-10-05T10:00:00", transactionId="t-1"))
    ada("DELETE", f"/me/events/{first['id']}")
    with pytest.raises(Refused) as caught:
        ada("POST", "/me/events", timed("2026-10-06T10:00:00", transactionId="t-1"))

    assert first["id"] == caught.value.body["error"]["@event.existingEventId"]


@pytest.mark.parametrize("sent", [False, True])
def test_events_of_people_may_have_a_transaction_id(sim, sent):
    """Outlook on the web sends one of its own (M44)."""
    sim.admin.set_setting("owner_transactions", sent)

    assert sent == ("transactionId" in sim.owner.put_event(ADA, timed("2026-10-05T10:00:00")))


@pytest.mark.parametrize("verb", ["POST", "PATCH"])
def test_times_need_a_zone(ada, verb):
    """A time without its zone is 400 for '' (M74)."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    path = "/me/events" if verb == "POST" else f"/me/events/{made['id']}"
    body = timed("2026-10-05T10:00:00")
    del body["end"]["timeZone"]
    with pytest.raises(Refused) as caught:
        ada(verb, path, body)

    assert (400, "TimeZoneNotSupportedException") == (caught.value.status, caught.value.code)


def test_a_series_moves_in_its_own_zone_or_with_its_recurrence(ada):
    """Its times in another zone alone are 400, an exception's are not (M75)."""
    recurrence = weekly("2026-10-05", "monday", numberOfOccurrences=3)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00", recurrence=recurrence))
    path = f"/me/events/{made['id']}"
    moved = timed("2026-10-05T09:00:00", zone="UTC")
    del moved["subject"]
    with pytest.raises(Refused) as caught:
        ada("PATCH", path, moved)
    assert (400, "ErrorPropertyValidationFailure") == (caught.value.status, caught.value.code)

    ada("PATCH", path, moved | {"recurrence": recurrence})
    (first, *_) = ada("GET", f"{path}/instances", **WINDOW)["value"]
    assert "2026-10-05T09:00" == first["start"]["dateTime"][:16]
    own = timed("2026-10-05T12:00:00", zone="UTC")
    ada("PATCH", f"/me/events/{first['id']}", {"start": own["start"], "end": own["end"]})


@pytest.mark.parametrize("zone", [ZURICH, "Europe/Berlin"])
def test_a_series_knows_its_zone_by_both_names(ada, zone):
    """The Windows name and the IANA name are one zone (M75)."""
    recurrence = weekly("2026-10-05", "monday", numberOfOccurrences=3)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00", recurrence=recurrence))
    moved = timed("2026-10-05T11:00:00", zone=zone)

    changed = ada("PATCH", f"/me/events/{made['id']}", {"start": moved["start"], "end": moved["end"]})
    assert "2026-10-05T09:00" == changed["start"]["dateTime"][:16]


@pytest.mark.parametrize("verb", ["POST", "PATCH"])
def test_long_subjects_can_be_cut(sim, ada, verb):
    """To the longest length, three dots included (M72)."""
    sim.admin.set_setting("longest_subject", 255)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    path = "/me/events" if verb == "POST" else f"/me/events/{made['id']}"
    body = timed("2026-10-05T10:00:00", subject="x" * 300)

    assert "x" * 252 + "..." == ada(verb, path, body)["subject"]


@pytest.mark.parametrize("unsent", [False, True])
def test_invitations_may_stay_unsent(sim, ada, unsent):
    """The guest is in the event, but has no mail until somebody presses "send" in Outlook (M58)."""
    sim.admin.set_setting("unsent_invitations", unsent)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00", attendees=[guest("eve@example.test")]))

    assert (1, not unsent) == (len(made["attendees"]), bool(sim.admin.mails()))


@pytest.mark.parametrize("word", ["organizer", "none"])
def test_the_organizers_response_has_either_word(sim, ada, word):
    """Both are seen for own events (M68)."""
    sim.admin.set_setting("own_response", word)

    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    assert word == made["responseStatus"]["response"]


def test_a_new_text_ends_the_online_meeting(sim, ada):
    """Unless it keeps the block that Teams put in; other changes keep the meeting (M70)."""
    made = sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", isOnlineMeeting=True))
    path = f"/me/events/{made['id']}"
    ada("PATCH", path, {"subject": "New"})
    kept = ada("PATCH", path, {"body": {"contentType": "html", "content": "Hi " + made["body"]["content"]}})
    assert (True, made["onlineMeeting"]) == (kept["isOnlineMeeting"], kept["onlineMeeting"])

    ended = ada("PATCH", path, {"body": {"contentType": "text", "content": "Hi"}})
    assert (False, None) == (ended["isOnlineMeeting"], ended["onlineMeeting"])


def test_online_meetings_of_personal_accounts_are_kept_as_sent(sim, bob):
    """What happens there changes, so nothing is added (M71)."""
    made = sim.owner.put_event(BOB, timed("2026-10-05T10:00:00", isOnlineMeeting=True))

    assert (None, "") == (made["onlineMeeting"], made["bodyPreview"])
