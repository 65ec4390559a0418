"""Oddities of delta that are settings; the numbers are rows of docs/provider-facts.md."""

import pytest

from tests.local.microsoft.driver import ADA, WINDOW, Refused, timed, weekly

DELTA = "/me/calendarView/delta"


@pytest.fixture
def synced(ada):
    """The delta link of a finished round over October."""
    return ada.all(DELTA, **WINDOW)[1]["@odata.deltaLink"]


def test_a_round_can_have_no_end(sim, ada, synced):
    """Every page has the same content and a nextLink of its own, and no deltaLink comes (M5)."""
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.admin.set_setting("delta_trouble", "endless")
    page = ada("GET", synced)
    links, entries = [], []
    for _ in range(4):
        links.append(page["@odata.nextLink"])
        entries.append([each["id"] for each in page["value"]])
        page = ada("GET", links[-1])

    assert (4, 1) == (len(set(links)), len({tuple(each) for each in entries}))
    assert 1 == len(entries[0])
    assert "@odata.deltaLink" not in page


@pytest.mark.parametrize("trouble", ["endless", "unanswered"])
def test_trouble_can_be_that_of_long_windows_alone(sim, ada, trouble):
    """A first round of a window that the server manages ends as usual (M5, M7)."""
    sim.admin.set_setting("delta_trouble", trouble)
    sim.admin.set_setting("delta_trouble_beyond", 7 * 86400)
    week = WINDOW | {"endDateTime": "2026-10-08T00:00:00Z"}

    assert "@odata.deltaLink" in ada("GET", DELTA, **week)
    if trouble == "endless":
        assert "@odata.nextLink" in ada("GET", DELTA, **WINDOW)
    else:
        with pytest.raises(Refused) as caught:
            ada("GET", DELTA, **WINDOW)
        assert (504, "UnknownError", "") == (
            caught.value.status,
            caught.value.code,
            caught.value.body["error"]["message"],
        )


def test_a_delta_link_can_be_unanswered_for_ever(sim, ada, synced):
    """The 504 is for the next rounds too (M7)."""
    sim.admin.set_setting("delta_trouble", "unanswered")
    for _ in range(3):
        with pytest.raises(Refused) as caught:
            ada("GET", synced)
        assert 504 == caught.value.status


def test_deletions_can_be_silent(sim, ada, synced):
    """A plain deletion is not reported; a first round does not have the event any more (M11)."""
    sim.admin.set_setting("silent_deletions", value=True)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    _, link = ada.changes(synced)
    ada("DELETE", f"/me/events/{made['id']}")

    assert [] == ada.changes(link)[0]
    assert [] == ada.all(DELTA, **WINDOW)[0]


@pytest.mark.parametrize("code", ["ErrorInvalidUrlQuery", "InvalidDeltaToken"])
def test_unreadable_tokens_are_400(sim, ada, synced, code):
    """Both codes were seen (M17)."""
    sim.admin.set_setting("unreadable_token_code", code)
    with pytest.raises(Refused) as caught:
        ada("GET", synced.partition("=")[0] + "=nonsense")

    assert (400, code) == (caught.value.status, caught.value.code)


@pytest.mark.parametrize("recurs", [False, True])
def test_moves_can_be_silent_where_they_lead(sim, ada, calendar, synced, recurs):
    """Removed from the first calendar, unreported in the second, until it changes there (M23)."""
    sim.admin.set_setting("silent_moves", value=True)
    other = sim.admin.add_calendar(ADA, "Other")
    there = ada.all(f"/me/calendars/{other}/calendarView/delta", **WINDOW)[1]["@odata.deltaLink"]
    body = timed("2026-10-05T10:00:00")
    body |= {"recurrence": weekly("2026-10-05", "monday", numberOfOccurrences=2)} if recurs else {}
    made = ada("POST", "/me/events", body)
    _, link = ada.changes(synced)
    sim.owner.move_to_calendar(calendar, made["id"], other)
    found, there = ada.changes(there)
    left, _ = ada.changes(link)

    assert ([], made["id"]) == (found, left[0]["id"])
    assert {"@removed"} == {"@removed" for each in left if "@removed" in each}
    assert made["id"] == ada("GET", f"/me/calendars/{other}/events")["value"][0]["id"]
    ada("PATCH", f"/me/calendars/{other}/events/{made['id']}", {"subject": "New"})
    assert made["id"] == ada.changes(there)[0][0]["id"]


def test_moving_back_can_stay_silent(sim, ada, calendar, synced):
    """What was moved there and back is removed, and never reported again (M24)."""
    sim.admin.set_setting("silent_moves", value=True)
    other = sim.admin.add_calendar(ADA, "Other")
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    _, link = ada.changes(synced)
    sim.owner.move_to_calendar(calendar, made["id"], other)
    removed, link = ada.changes(link)
    sim.owner.move_to_calendar(other, made["id"], calendar)

    assert [made["id"]] == [each["id"] for each in removed]
    assert [] == ada.changes(link)[0]


def test_ordinary_ids_report_a_move(sim, ada, connect, calendar):
    """A move is silent with immutable ids alone: otherwise the event has another id (M23)."""
    sim.admin.set_setting("silent_moves", value=True)
    other = sim.admin.add_calendar(ADA, "Other")
    plain = connect(ADA, immutable=False)
    there = plain.all(f"/me/calendars/{other}/calendarView/delta", **WINDOW)[1]["@odata.deltaLink"]
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.owner.move_to_calendar(calendar, made["id"], other)

    assert 1 == len(plain.changes(there)[0])


def test_single_events_can_lag_behind_delta(sim, ada, clock, synced):
    """Delta has a change at once, a read of the event or of its occurrences only some seconds later (M20)."""
    sim.admin.set_setting("get_lag", 5)
    recurrence = weekly("2026-10-05", "monday", numberOfOccurrences=2)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00", recurrence=recurrence))
    path = f"/me/events/{made['id']}"
    found, link = ada.changes(synced)
    assert made["id"] == found[0]["id"]
    for late in (path, f"{path}/instances"):
        with pytest.raises(Refused) as caught:
            ada("GET", late, **(WINDOW if late != path else {}))
        assert (404, "ErrorItemNotFound") == (caught.value.status, caught.value.code)
    clock.forward(seconds=6)
    assert 2 == len(ada("GET", f"{path}/instances", **WINDOW)["value"])

    ada("DELETE", path)
    assert made["id"] == ada.changes(link)[0][0]["id"]
    assert made["id"] == ada("GET", path)["id"]
    clock.forward(seconds=6)
    with pytest.raises(Refused):
        ada("GET", path)
