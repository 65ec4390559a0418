import pytest

from tests.local.google.driver import Refused

ADA, BOB = "ada@example.test", "bob@example.test"


def names(driver, **query):
    return [item["id"] for item in driver.all_items("calendarList.list", **query)[0]]


def test_primary_calendar_has_the_accounts_address_as_id(ada):
    """The entry of the primary calendar has the account's address as its id, and the field `primary`."""
    entry = ada("calendarList.get", calendarId="primary")

    assert (entry["id"], entry["primary"], entry["accessRole"]) == (ADA, True, "owner")
    assert entry["defaultReminders"] == [{"method": "popup", "minutes": 30}]


def test_created_calendars_are_owned_and_listed(ada):
    """Insert needs a summary, takes the account's zone, and puts the calendar on the list."""
    made = ada("calendars.insert", {"summary": "Bookings", "description": "By Slotbridge"})

    assert (made["dataOwner"], made["timeZone"]) == (ADA, "Europe/Zurich")
    assert ada("calendars.get", calendarId=made["id"])["description"] == "By Slotbridge"
    assert names(ada) == [ADA, made["id"]]
    for wrong in ({}, {"summary": "x", "timeZone": "Nowhere"}):
        with pytest.raises(Refused) as caught:
            ada("calendars.insert", wrong)
        assert caught.value.status == 400


def test_only_secondary_calendars_are_deleted_and_only_by_their_owner(sim, ada, bob):
    """Neither the primary calendar nor another person's can be deleted; a deleted calendar is 404."""
    made = ada("calendars.insert", {"summary": "Bookings"})["id"]
    sim.admin.share(made, BOB, "owner")
    for driver, calendar in ((ada, "primary"), (bob, made)):
        with pytest.raises(Refused) as caught:
            driver("calendars.delete", calendarId=calendar)
        assert caught.value.status == 403
    ada("calendars.delete", calendarId=made)

    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=made)
    assert caught.value.status == 404
    assert names(ada) == [ADA]


def test_patch_changes_a_calendar(ada):
    """The owner can change a calendar's summary and time zone."""
    made = ada("calendars.insert", {"summary": "Bookings"})["id"]
    changed = ada("calendars.patch", {"summary": "Visits", "timeZone": "UTC"}, calendarId=made)

    assert (changed["summary"], changed["timeZone"]) == ("Visits", "UTC")


def test_calendar_list_has_pages_and_filters(sim, ada):
    """Pages join without loss; hidden entries and weak roles are left out on request."""
    made = [sim.admin.add_calendar(ADA, f"Calendar {number}") for number in range(4)]
    team = sim.admin.add_calendar(BOB, "Team")
    sim.admin.share(team, ADA, "reader")
    ada("calendarList.patch", {"hidden": True, "summaryOverride": "Mine"}, calendarId=made[0])

    assert names(ada, maxResults=2) == [ADA, *made[1:], team]
    assert names(ada, minAccessRole="writer") == [ADA, *made[1:]]
    assert set(names(ada, showHidden=True)) == {ADA, *made, team}
    entry = ada("calendarList.get", calendarId=made[0])
    assert (entry["summary"], entry["summaryOverride"], entry["hidden"]) == ("Calendar 0", "Mine", True)


@pytest.mark.pitfall(24)
def test_list_changes_contain_new_and_lost_calendars_but_not_roles(sim, ada):
    """Pitfall 24: a changed role is no change of the list; calendars without access arrive as deleted."""
    team = sim.admin.add_calendar(BOB, "Team")
    other = sim.admin.add_calendar(BOB, "Other")
    sim.admin.share(team, ADA, "reader")
    sim.admin.share(other, ADA, "reader")
    token = ada("calendarList.list")["nextSyncToken"]
    sim.admin.share(team, ADA, "writer")

    assert ada("calendarList.list", syncToken=token)["items"] == []

    sim.admin.unshare(team, ADA)
    sim.admin.remove_calendar(other)
    mine = sim.admin.add_calendar(ADA, "Mine")
    items = ada("calendarList.list", syncToken=token)["items"]

    assert [(item["id"], item.get("deleted", False)) for item in items] == [
        (team, True),
        (other, True),
        (mine, False),
    ]


def test_sync_tokens_of_the_list_are_checked(sim, ada):
    """A sync token cannot be combined with filters; an expired one is 410."""
    token = ada("calendarList.list")["nextSyncToken"]
    for wrong in ({"minAccessRole": "owner"}, {"showDeleted": False}, {"showHidden": False}):
        with pytest.raises(Refused) as caught:
            ada("calendarList.list", syncToken=token, **wrong)
        assert caught.value.status == 400
    sim.admin.expire_sync_tokens()
    with pytest.raises(Refused) as caught:
        ada("calendarList.list", syncToken=token)
    assert (caught.value.status, caught.value.reason) == (410, "fullSyncRequired")


def test_taking_a_calendar_off_the_list_keeps_it(sim, ada):
    """calendarList.delete takes a calendar off the list only, and insert puts it back."""
    team = sim.admin.add_calendar(BOB, "Team")
    sim.admin.share(team, ADA, "reader")
    ada("calendarList.delete", calendarId=team)

    assert names(ada) == [ADA]
    assert ada("events.list", calendarId=team)["accessRole"] == "reader"
    ada("calendarList.insert", {"id": team})
    assert names(ada) == [ADA, team]


def test_colors_are_listed_by_id(ada):
    """colors.get answers the colours of events and calendars by their ids."""
    palettes = ada("colors.get")

    assert {"1", "11"} <= palettes["event"].keys()
    assert "24" in palettes["calendar"]
