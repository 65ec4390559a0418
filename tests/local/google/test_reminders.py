import pytest

from tests.local.google.driver import ADA, Refused, all_day, timed

DAY = "2026-10-05T10:00:00"
BOTH = "cannotUseDefaultRemindersAndSpecifyOverride"


def popups(*minutes):
    return [{"method": "popup", "minutes": each} for each in minutes]


def insert(ada, reminders, body=None):
    return ada("events.insert", (body or timed(DAY)) | {"reminders": reminders}, calendarId=ADA)


def refused(call, *arguments, **named):
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return caught.value.status, caught.value.reason


@pytest.mark.parametrize("default", [{"useDefault": True}, {}])
def test_default_and_own_reminders_exclude_each_other(ada, default):
    """Overrides beside the default are a 400, and a missing useDefault counts as true."""
    assert refused(insert, ada, default | {"overrides": popups(1)}) == (400, BOTH)


def test_a_patch_to_the_default_must_take_the_overrides_away(ada):
    """A patch with useDefault alone meets the stored overrides; with no list or null it goes through."""
    made = insert(ada, {"useDefault": False, "overrides": popups(30)})
    where = {"calendarId": ADA, "eventId": made["id"]}

    assert refused(ada, "events.patch", {"reminders": {"useDefault": True}}, **where) == (400, BOTH)
    for overrides in ([], None):
        wish = {"useDefault": True, "overrides": overrides}
        assert ada("events.patch", {"reminders": wish}, **where)["reminders"] == {"useDefault": True}
        ada("events.patch", {"reminders": {"useDefault": False, "overrides": popups(30)}}, **where)


def test_a_refused_patch_changes_nothing(ada):
    """Where the reminders are refused, the other fields of the patch are not written either."""
    made = insert(ada, {"useDefault": False, "overrides": popups(30)})
    where = {"calendarId": ADA, "eventId": made["id"]}
    refused(ada, "events.patch", {"summary": "new", "reminders": {"useDefault": True}}, **where)

    assert ada("events.get", **where) == made


def test_a_sixth_override_has_a_reason_of_its_own(ada):
    """Five overrides are taken, six are a 400."""
    five = insert(ada, {"useDefault": False, "overrides": popups(1, 2, 3, 4, 5)})
    six = {"useDefault": False, "overrides": popups(1, 2, 3, 4, 5, 6)}

    assert five["reminders"]["overrides"] == popups(1, 2, 3, 4, 5)
    assert refused(insert, ada, six) == (400, "eventRemindersCountExceedsLimit")


def test_overrides_are_clamped_merged_reordered_and_unknown_ones_dropped(ada):
    """What comes back is not what was sent."""
    sent = [*popups(50000, 10, 10, -5), {"method": "sms", "minutes": 1}, {"method": "email", "minutes": 20}]
    made = insert(ada, {"useDefault": False, "overrides": sent[1:]})
    clamped = insert(ada, {"useDefault": False, "overrides": sent[:1]})

    assert made["reminders"]["overrides"] == [{"method": "email", "minutes": 20}, *popups(0, 10)]
    assert clamped["reminders"]["overrides"] == popups(40320)


def test_whole_days_get_overrides_for_the_default(ada):
    """An all-day event with default reminders has overrides, which then stand in the way of a patch."""
    made = insert(ada, {"useDefault": True}, all_day("2026-10-05"))
    where = {"calendarId": ADA, "eventId": made["id"]}
    back = timed(DAY) | {"reminders": {"useDefault": True}}
    for name in ("start", "end"):
        back[name]["date"] = None

    assert made["reminders"]["useDefault"] is False
    assert made["reminders"]["overrides"]
    assert refused(ada, "events.patch", back, **where) == (400, BOTH)
