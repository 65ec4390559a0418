import pytest

from tests.local.google.driver import ADA, BOB, Refused, timed

EXPIRED = {
    "error": {
        "errors": [
            {
                "domain": "calendar",
                "reason": "fullSyncRequired",
                "message": "Sync token is no longer valid, a full sync is required.",
                "locationType": "parameter",
                "location": "syncToken",
            }
        ],
        "code": 410,
        "message": "Sync token is no longer valid, a full sync is required.",
    }
}


def load(sim, count=5):
    bodies = [timed(f"2026-10-{5 + number:02d}T10:00:00", id=f"event{number}") for number in range(count)]
    sim.admin.bulk_load(ADA, bodies)


def delta(driver, token, **more):
    return driver.all_items("events.list", calendarId=ADA, syncToken=token, **more)


@pytest.fixture
def token(sim, ada):
    load(sim)
    return ada("events.list", calendarId=ADA)["nextSyncToken"]


def test_sync_token_comes_on_the_last_page_only(sim, ada):
    """Every page but the last has a next page token instead."""
    load(sim)
    first = ada("events.list", calendarId=ADA, maxResults=3)
    last = ada("events.list", calendarId=ADA, maxResults=3, pageToken=first["nextPageToken"])

    assert ("nextSyncToken" in first, "nextPageToken" in last) == (False, False)
    assert len(first["items"]) + len(last["items"]) == 5
    assert last["nextSyncToken"]


@pytest.mark.pitfall(5)
def test_no_changes_still_give_a_new_token(ada, token):
    """Pitfall 5: if nothing changed, the page is empty and has a sync token."""
    items, page = delta(ada, token)

    assert items == []
    assert page["nextSyncToken"]


def test_changes_contain_each_event_once_in_its_present_state(sim, ada, token):
    """Several edits of one event are one item; deletions are always included."""
    for number in range(3):
        sim.owner.edit_event(ADA, "event1", {"summary": f"edit {number}"})
    sim.owner.delete_event(ADA, "event2")
    sim.owner.put_event(ADA, timed("2026-10-20T10:00:00", id="fresh"))
    items, _ = delta(ada, token)

    found = {item["id"]: (item["status"], item.get("summary")) for item in items}
    assert found == {
        "event1": ("confirmed", "edit 2"),
        "event2": ("cancelled", None),
        "fresh": ("confirmed", None),
    }
    assert len(items) == 3


def test_an_old_token_can_be_used_again(sim, ada, token):
    """The same token gives the same changes again."""
    sim.owner.delete_event(ADA, "event2")

    assert delta(ada, token)[0] == delta(ada, token)[0]


@pytest.mark.pitfall(11)
def test_changes_between_pages_are_not_missed(sim, ada, token):
    """Pitfall 11: what changes while pages are read comes with the next token."""
    for number in range(5):
        sim.owner.edit_event(ADA, f"event{number}", {"summary": "a"})
    first = ada("events.list", calendarId=ADA, syncToken=token, maxResults=2)
    sim.owner.edit_event(ADA, "event0", {"summary": "b"})
    sim.owner.delete_event(ADA, "event4")
    following = {"syncToken": token, "maxResults": 2, "calendarId": ADA}
    second = ada("events.list", pageToken=first["nextPageToken"], **following)
    third = ada("events.list", pageToken=second["nextPageToken"], **following)
    items, _ = delta(ada, third["nextSyncToken"])

    assert len(first["items"] + second["items"] + third["items"]) == 5
    assert [(item["id"], item["status"]) for item in items] == [
        ("event0", "confirmed"),
        ("event4", "cancelled"),
    ]


@pytest.mark.parametrize(
    "forbidden",
    [
        {"timeMin": "2026-10-01T00:00:00Z"},
        {"timeMax": "2026-10-01T00:00:00Z"},
        {"updatedMin": "2026-09-30T00:00:00Z"},
        {"orderBy": "updated"},
        {"q": "x"},
        {"iCalUID": "x"},
        {"privateExtendedProperty": ["a=b"]},
        {"sharedExtendedProperty": ["a=b"]},
        {"showDeleted": False},
    ],
)
def test_forbidden_parameters_are_400(ada, token, forbidden):
    """A sync token cannot be combined with filters."""
    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=ADA, syncToken=token, **forbidden)

    assert caught.value.status == 400


@pytest.mark.parametrize("unusable", [{"orderBy": "updated"}, {"q": "x"}, {"iCalUID": "x"}])
def test_filters_on_the_first_call_yield_no_token(sim, ada, unusable):
    """A listing with filters that a token cannot continue has no sync token."""
    load(sim)

    assert "nextSyncToken" not in ada("events.list", calendarId=ADA, **unusable)


@pytest.mark.pitfall(6)
def test_expired_tokens_are_410_with_googles_body(sim, ada, token):
    """Pitfall 6: every page with an expired token is 410 with Google's body."""
    sim.admin.expire_sync_tokens(ADA)

    with pytest.raises(Refused) as caught:
        delta(ada, token)

    assert (caught.value.status, caught.value.body) == (410, EXPIRED)


@pytest.mark.pitfall(6)
def test_sharing_changes_expire_tokens(sim, ada, token):
    """Pitfall 6: a change of sharing is one of the documented causes of 410."""
    sim.admin.share(ADA, BOB, "reader")

    with pytest.raises(Refused) as caught:
        delta(ada, token)

    assert caught.value.reason == "fullSyncRequired"


def test_tokens_belong_to_account_and_calendar(sim, ada, bob):
    """A token of another account or calendar is 410; an invented one is 400."""
    sim.admin.share(ADA, BOB, "reader")
    token = ada("events.list", calendarId=ADA)["nextSyncToken"]
    other = sim.admin.add_calendar(ADA, "Other")

    for driver, calendar, status in ((bob, ADA, 410), (ada, other, 410)):
        with pytest.raises(Refused) as caught:
            driver("events.list", calendarId=calendar, syncToken=token)
        assert caught.value.status == status
    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=ADA, syncToken="made-up")
    assert caught.value.status == 400


def test_tokens_expire_by_age(sim, ada, clock, token):
    """Tokens live as long as the setting sync_token_life says."""
    sim.admin.set_setting("sync_token_life", 600)
    clock.forward(seconds=601)

    with pytest.raises(Refused) as caught:
        delta(ada, token)

    assert caught.value.reason == "fullSyncRequired"


@pytest.mark.pitfall(7)
def test_token_does_not_remember_the_window(sim, ada):
    """Pitfall 7: the changes after a listing with a window include events far outside of the window."""
    load(sim)
    window = {"timeMin": "2026-10-06T00:00:00Z", "timeMax": "2026-10-08T00:00:00Z"}
    items, page = ada.all_items("events.list", calendarId=ADA, **window)
    sim.owner.put_event(ADA, timed("2040-01-02T10:00:00", id="farfuture"))

    assert [item["id"] for item in items] == ["event1", "event2"]
    assert [item["id"] for item in delta(ada, page["nextSyncToken"])[0]] == ["farfuture"]


def test_a_changed_series_with_single_events_lists_many_instances(sim, ada):
    """A changed series brings hundreds of instances; a deleted one half a year of cancelled ones."""
    weekly = timed("2026-10-05T10:00:00", id="series", recurrence=["RRULE:FREQ=WEEKLY"])
    sim.owner.put_event(ADA, weekly)
    bound = {"timeMin": "2026-10-01T00:00:00Z", "timeMax": "2026-12-01T00:00:00Z"}
    page = ada("events.list", calendarId=ADA, singleEvents=True, **bound)
    sim.owner.edit_event(ADA, "series", {"summary": "x"})
    items, last = delta(ada, page["nextSyncToken"], singleEvents=True)

    assert len(items) == 730
    assert items[-1]["start"]["dateTime"] > "2040"

    sim.owner.delete_event(ADA, "series")
    gone, _ = delta(ada, last["nextSyncToken"], singleEvents=True)

    assert {item["status"] for item in gone} == {"cancelled"}
    assert 25 <= len(gone) <= 27


def test_cancelled_events_can_show_their_id_only(sim, ada, token):
    """With the setting id_only_tombstones a cancelled event shows nothing but its id."""
    sim.admin.set_setting("id_only_tombstones", True)
    sim.owner.delete_event(ADA, "event1")

    assert delta(ada, token)[0][0].keys() == {"kind", "etag", "id", "status"}


def test_updated_min_lists_recent_changes_only(sim, ada, clock, token):
    """UpdatedMin lists what changed since then, deletions included; too long ago is 410."""
    clock.forward(minutes=50)
    sim.owner.delete_event(ADA, "event3")
    items = ada("events.list", calendarId=ADA, updatedMin="2026-10-01T08:30:00Z")["items"]

    assert [(item["id"], item["status"]) for item in items] == [("event3", "cancelled")]
    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=ADA, updatedMin="2026-08-01T00:00:00Z")
    assert (caught.value.status, caught.value.reason) == (410, "updatedMinTooLongAgo")


def test_page_tokens_belong_to_their_query(sim, ada):
    """A page token with other parameters, or a forgotten one, is a 400."""
    load(sim)
    token = ada("events.list", calendarId=ADA, maxResults=2)["nextPageToken"]

    with pytest.raises(Refused):
        ada("events.list", calendarId=ADA, maxResults=2, pageToken=token, singleEvents=True)
    sim.admin.forget_page_tokens()
    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=ADA, maxResults=2, pageToken=token)
    assert (caught.value.status, caught.value.reason) == (400, "invalid")
