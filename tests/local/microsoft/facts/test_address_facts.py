"""Ids, addresses and what is found under them; the numbers are rows of docs/provider-facts.md."""

import pytest

from tests.local.microsoft.driver import ADA, BOB, CLO, Refused, timed

SHARED = ("Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "User.Read")


def status(call, *arguments, **query):
    try:
        call(*arguments, **query)
    except Refused as refused:
        return refused.status
    return 200


@pytest.mark.parametrize(("unscoped", "found"), [(False, 404), (True, 200)])
def test_the_path_may_name_another_calendar(sim, ada, calendar, unscoped, found):
    """Whether the path's calendar counts is contested; the lists of calendars are exact either way (M27)."""
    sim.admin.set_setting("unscoped_event_paths", unscoped)
    other = sim.admin.add_calendar(ADA, "Other")
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.owner.move_to_calendar(calendar, made["id"], other)

    assert found == status(ada, "GET", f"/me/calendars/{calendar}/events/{made['id']}")
    assert 200 == status(ada, "GET", f"/me/calendars/{other}/events/{made['id']}")
    assert [] == ada("GET", f"/me/calendars/{calendar}/events")["value"]
    assert 404 == status(ada, "GET", f"/me/calendars/{'A' * 92}/events/{made['id']}")


def test_events_of_shared_calendars_need_the_calendar_in_the_path(sim, connect, ada):
    """/me/events/{id} is the own mailbox alone (M28)."""
    shared = sim.admin.share(CLO, ADA, can_edit=True)
    guest = connect(ADA, scopes=SHARED)
    made = guest("POST", f"/me/calendars/{shared}/events", timed("2026-10-05T10:00:00"))

    assert 404 == status(guest, "GET", f"/me/events/{made['id']}")
    assert 200 == status(guest, "GET", f"/me/calendars/{shared}/events/{made['id']}")


def test_a_calendar_can_get_another_id(sim, ada, calendar):
    """The former id is 404; name, role and events stay, and so do its subscriptions (M32)."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    renamed = sim.admin.change_calendar_id(calendar)
    (shown,) = ada("GET", "/me/calendars")["value"]

    assert (renamed, True) == (shown["id"], shown["isDefaultCalendar"]) != (calendar, True)
    assert 404 == status(ada, "GET", f"/me/calendars/{calendar}/events")
    assert made["id"] == ada("GET", f"/me/calendars/{renamed}/events")["value"][0]["id"]
    assert made["id"] == ada("GET", "/me/calendar/events")["value"][0]["id"]
    assert [made["id"]] == [each["id"] for each in sim.inspect.events(calendar)]


@pytest.mark.parametrize("by_header", [False, True])
def test_calendar_ids_can_depend_on_the_header(sim, ada, connect, calendar, by_header):
    """Both ids work in addresses (M31)."""
    sim.admin.set_setting("calendar_ids_by_header", by_header)
    plain = connect(ADA, immutable=False)
    (shown,) = plain("GET", "/me/calendars")["value"]

    assert [calendar] == [each["id"] for each in ada("GET", "/me/calendars")["value"]]
    assert by_header == (shown["id"] != calendar)
    assert shown["name"] == plain("GET", f"/me/calendars/{shown['id']}")["name"]


@pytest.mark.parametrize(("answers", "found"), [(False, 404), (True, 200)])
def test_a_deleted_event_may_still_answer(sim, ada, calendar, answers, found):
    """It lies in the deleted items: no list has it, but its id may answer, and it cannot be changed (M62)."""
    sim.admin.set_setting("deleted_items_answer", answers)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    ada("DELETE", f"/me/events/{made['id']}")

    assert found == status(ada, "GET", f"/me/events/{made['id']}")
    assert 404 == status(ada, "PATCH", f"/me/events/{made['id']}", {"subject": "New"})
    assert 404 == status(ada, "GET", f"/me/calendars/{calendar}/events/{made['id']}")
    assert [] == ada("GET", "/me/events")["value"]
    sim.admin.set_setting("unscoped_event_paths", value=True)
    assert found == status(ada, "GET", f"/me/calendars/{calendar}/events/{made['id']}")


@pytest.mark.parametrize(("unreadable", "found"), [(False, 200), (True, 403)])
def test_private_events_of_others_may_be_unreadable(sim, connect, unreadable, found):
    """They are listed, but reading one by itself is refused (M96)."""
    sim.admin.set_setting("private_unreadable", unreadable)
    shared = sim.admin.share(CLO, ADA)
    made = sim.owner.put_event(CLO, timed("2026-10-05T10:00:00", sensitivity="private"))
    guest = connect(ADA, scopes=SHARED)

    assert 1 == len(guest("GET", f"/me/calendars/{shared}/events")["value"])
    assert found == status(guest, "GET", f"/me/calendars/{shared}/events/{made['id']}")
    assert 200 == status(connect(CLO), "GET", f"/me/events/{made['id']}")


def test_the_family_calendar_takes_no_writes(sim, bob):
    """Every POST and PATCH in it is 503, reads are answered (M78)."""
    family = sim.admin.add_calendar(BOB, "Family", family=True)
    made = sim.owner.put_event(family, timed("2026-10-05T10:00:00"))
    path = f"/me/calendars/{family}/events"

    assert 1 == len(bob("GET", path)["value"])
    for call in (("POST", path, timed("2026-10-06T10:00:00")), ("PATCH", f"{path}/{made['id']}", {})):
        with pytest.raises(Refused) as caught:
            bob(*call)
        assert (503, "ErrorInternalServerTransientError") == (caught.value.status, caught.value.code)
