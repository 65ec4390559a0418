import pytest

from tests.local.microsoft.driver import ADA, WINDOW, Refused, starts, timed, weekly


def path(calendar):
    return f"/me/calendars/{calendar}/calendarView/delta"


@pytest.fixture
def synced(ada, calendar):
    """The delta link of a finished round over October."""
    return ada.all(path(calendar), **WINDOW)[1]["@odata.deltaLink"]


def gone(found):
    return [each["id"] for each in found if "@removed" in each]


def test_first_round_lists_and_next_round_is_empty(ada, calendar):
    """The first round has everything in the window, the next one nothing until something changes."""
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    ada("POST", "/me/events", timed("2026-12-05T10:00:00"))
    found, page = ada.all(path(calendar), **WINDOW)
    again, _ = ada.changes(page["@odata.deltaLink"])

    assert (["2026-10-05T08:00"], []) == (starts(found), again)


def test_changes_come_once(ada, synced):
    """Created, changed and deleted events are in the next round, and in no later one."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    created, link = ada.changes(synced)
    ada("PATCH", f"/me/events/{made['id']}", {"subject": "New"})
    changed, link = ada.changes(link)
    ada("DELETE", f"/me/events/{made['id']}")
    deleted, link = ada.changes(link)

    assert [made["id"]] == [each["id"] for each in created]
    assert ["New"] == [each["subject"] for each in changed]
    assert [{"reason": "deleted"}] == [each["@removed"] for each in deleted]
    assert [made["id"]] == gone(deleted)
    assert [] == ada.changes(link)[0]


def test_window_stays_that_of_the_first_round(ada, synced):
    """An event moved out of the window is removed; one that is created outside is not reported."""
    inside = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    _, link = ada.changes(synced)
    body = timed("2026-12-05T10:00:00")
    ada("PATCH", f"/me/events/{inside['id']}", {"start": body["start"], "end": body["end"]})
    outside = ada("POST", "/me/events", timed("2026-12-24T10:00:00"))
    found, _ = ada.changes(link)

    assert {inside["id"], outside["id"]} == set(gone(found))
    assert inside["id"] == ada("GET", f"/me/events/{inside['id']}")["id"]


def test_series_comes_whole_with_bare_occurrences(ada, calendar, synced):
    """The series comes first, then its occurrences with ids and times only, all on one page."""
    body = timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday"))
    made = ada("POST", "/me/events", body)
    ada.prefer.append("odata.maxpagesize=1")
    page = ada("GET", synced)
    slim = {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}

    assert ["seriesMaster"] + ["occurrence"] * 4 == [each["type"] for each in page["value"]]
    assert [slim] * 4 == [set(each) for each in page["value"][1:]]
    assert made["id"] == page["value"][0]["id"] == page["value"][1]["seriesMasterId"]
    assert "@odata.deltaLink" in page


def test_exception_comes_with_all_properties(ada, synced):
    """A changed occurrence comes with the rest of its series, and with all its properties."""
    body = timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday"))
    ada("POST", "/me/events", body)
    found, link = ada.changes(synced)
    ada("PATCH", f"/me/events/{found[2]['id']}", {"subject": "Special"})
    found, _ = ada.changes(link)

    assert ["seriesMaster", "occurrence", "exception", "occurrence", "occurrence"] == [
        each["type"] for each in found
    ]
    assert "Special" == found[2]["subject"]


@pytest.mark.parametrize(
    ("mode", "told"), [("nothing", []), ("series", ["seriesMaster"] + ["occurrence"] * 3), ("removed", None)]
)
def test_deleted_occurrence(sim, ada, synced, mode, told):
    """By default delta reports nothing; by settings it reports the rest of the series, or the removal."""
    sim.admin.set_setting("deleted_occurrences", mode)
    body = timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday"))
    ada("POST", "/me/events", body)
    found, link = ada.changes(synced)
    ada("DELETE", f"/me/events/{found[2]['id']}")
    after, _ = ada.changes(link)

    if told is None:
        assert [found[2]["id"]] == gone(after)
    else:
        assert told == [each["type"] for each in after]


@pytest.mark.parametrize(("mode", "count"), [("all", 5), ("master", 1)])
def test_deleted_series(sim, ada, synced, mode, count):
    """The series is reported as removed; a setting leaves its occurrences out."""
    sim.admin.set_setting("removed_series", mode)
    body = timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday"))
    made = ada("POST", "/me/events", body)
    found, link = ada.changes(synced)
    ada("DELETE", f"/me/events/{made['id']}")
    after, _ = ada.changes(link)

    assert count == len(gone(after))
    assert set(gone(after)) <= {each["id"] for each in found}


def test_move_to_another_calendar(sim, ada, calendar, synced):
    """An event moved away is removed here and new there; only its immutable id is the same."""
    other = sim.admin.add_calendar(ADA, "Private")
    _, page = ada.all(path(other), **WINDOW)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    _, link = ada.changes(synced)
    sim.owner.move_to_calendar(calendar, made["id"], other)

    assert [made["id"]] == gone(ada.changes(link)[0])
    assert [made["id"]] == [each["id"] for each in ada.changes(page["@odata.deltaLink"])[0]]


def test_headers_are_not_part_of_the_links(ada, calendar):
    """Page size, time zone and kind of ids apply to the one request with the header."""
    for day in range(1, 6):
        ada("POST", "/me/events", timed(f"2026-10-{day:02d}T10:00:00"))
    ada.prefer += ["odata.maxpagesize=2", 'outlook.timezone="Eastern Standard Time"']
    first = ada("GET", path(calendar), **WINDOW)
    ada.prefer.clear()
    second = ada("GET", first["@odata.nextLink"])

    assert (2, "Eastern Standard Time") == (len(first["value"]), first["value"][0]["start"]["timeZone"])
    assert (3, "UTC") == (len(second["value"]), second["value"][0]["start"]["timeZone"])
    assert {"AAkA", "AAMk"} == {each["value"][0]["id"][:4] for each in (first, second)}


@pytest.mark.parametrize(
    "option", ["$select=id", "$filter=x", "$expand=x", "$orderby=x", "$top=5", "$search=x"]
)
def test_unsupported_options_are_refused(ada, calendar, option):
    """Query options that delta does not support are refused, not ignored."""
    name, _, value = option.partition("=")
    with pytest.raises(Refused) as caught:
        ada("GET", path(calendar), **WINDOW, **{name: value})

    assert (400, "ErrorInvalidUrlQuery") == (caught.value.status, caught.value.code)


def test_expired_sync_state_is_410(sim, ada, calendar, synced):
    """An expired sync state is 410 SyncStateNotFound, and a new round works."""
    sim.admin.expire_sync_tokens(calendar)
    with pytest.raises(Refused) as caught:
        ada("GET", synced)

    assert (410, "SyncStateNotFound") == (caught.value.status, caught.value.code)
    assert "@odata.deltaLink" in ada("GET", path(calendar), **WINDOW)


@pytest.mark.parametrize("spelling", [(400, "syncStateNotFound", False), (410, "resyncRequired", True)])
def test_forms_of_the_sync_state_error(sim, ada, synced, spelling):
    """Settings choose the status, the code and the place of the error for an expired sync state."""
    status, code, nested = spelling
    sim.admin.set_setting("sync_reset_status", status)
    sim.admin.set_setting("sync_reset_code", code)
    sim.admin.set_setting("sync_reset_nested", nested)
    sim.admin.set_setting("sync_reset_location", value=True)
    sim.admin.expire_sync_tokens()
    with pytest.raises(Refused) as caught:
        ada("GET", synced)
    error = caught.value.body["error"]

    assert (status, code) == (caught.value.status, error["innerError"]["code"] if nested else error["code"])
    assert "delta" in caught.value.headers["Location"]


def test_tokens_expire_by_age_and_by_number_of_rounds(sim, ada, clock, calendar, synced):
    """Two settings limit how long, and for how many rounds, a delta link works."""
    sim.admin.set_setting("delta_generations", 2)
    for _ in range(2):
        ada.all(path(calendar), **WINDOW)
    with pytest.raises(Refused):
        ada("GET", synced)
    sim.admin.set_setting("delta_generations", None)
    sim.admin.set_setting("delta_token_life", 600)
    ada("GET", synced)
    clock.forward(minutes=11)
    with pytest.raises(Refused) as caught:
        ada("GET", synced)

    assert 410 == caught.value.status


def test_expired_next_link_is_an_expired_sync_state(sim, ada, calendar):
    """A next link can expire as well."""
    for day in range(1, 4):
        ada("POST", "/me/events", timed(f"2026-10-{day:02d}T10:00:00"))
    ada.prefer.append("odata.maxpagesize=1")
    page = ada("GET", path(calendar), **WINDOW)
    sim.admin.forget_page_tokens()
    with pytest.raises(Refused) as caught:
        ada("GET", page["@odata.nextLink"])

    assert 410 == caught.value.status


def test_rounds_can_repeat_changes_and_entries(sim, ada, calendar, synced):
    """A round can repeat what the last one reported, or have the same entry twice."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    _, link = ada.changes(synced)
    sim.admin.replay_delta(calendar)
    sim.admin.set_setting("duplicate_rows", True)

    assert [made["id"]] * 2 == [each["id"] for each in ada.changes(link)[0]]


def test_pages_can_be_empty_short_or_endless(sim, ada, calendar):
    """A scripted page can be empty and yet have a next link, be short, or repeat for ever."""
    for day in range(1, 4):
        ada("POST", "/me/events", timed(f"2026-10-{day:02d}T10:00:00"))
    for kind in ("empty", "short", "loop"):
        sim.add_fault("page", method="calendarView.delta", page=kind)
    pages = [ada("GET", path(calendar), **WINDOW)]
    while "@odata.nextLink" in pages[-1]:
        pages.append(ada("GET", pages[-1]["@odata.nextLink"]))

    assert [0, 1, 2, 2] == [len(each["value"]) for each in pages]


def test_removed_entries_in_the_first_round(sim, ada, calendar):
    """By a setting, the first round reports events that were deleted long ago."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    ada("DELETE", f"/me/events/{made['id']}")
    sim.admin.set_setting("initial_removed", True)

    assert [made["id"]] == gone(ada.all(path(calendar), **WINDOW)[0])


def test_delayed_changes_come_later_and_are_not_lost(sim, ada, clock, synced):
    """A change that a round does not see yet comes with a later one."""
    sim.admin.set_setting("lag", 30)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    early, link = ada.changes(synced)
    clock.forward(seconds=31)
    late, link = ada.changes(link)

    assert ([], [made["id"]]) == (early, [each["id"] for each in late])
    ada("DELETE", f"/me/events/{made['id']}")
    early, link = ada.changes(link)
    clock.forward(seconds=31)
    assert ([], [made["id"]]) == (early, gone(ada.changes(link)[0]))


def test_links_of_other_accounts_are_refused(ada, connect, synced):
    """A delta link belongs to one mailbox."""
    clo = connect("clo@contoso.test")
    with pytest.raises(Refused) as caught:
        clo("GET", synced)

    assert 404 == caught.value.status


def test_events_delta_is_not_offered(ada):
    """/events/delta exists in Graph's beta only."""
    with pytest.raises(Refused) as caught:
        ada("GET", "/me/events/delta", **WINDOW)

    assert 501 == caught.value.status
