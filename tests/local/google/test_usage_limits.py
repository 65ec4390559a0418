"""Limits of accounts and calendars that come before the quotas, and calendars that are new."""

import pytest

from tests.local.google.driver import ADA, Refused, timed

DAY = "2026-10-05T10:00:00"


def insert(ada, calendar=ADA):
    return ada("events.insert", timed(DAY), calendarId=calendar)


def refused(call, *arguments, **named):
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    error = caught.value.body["error"]["errors"][0]
    return caught.value.status, error["domain"], error["reason"]


def test_one_calendar_takes_so_many_writes_a_minute(sim, ada, clock):
    """A switch: further writes are refused for a while, other calendars and reads are not."""
    sim.admin.set_setting("calendar_writes", 3)
    other = sim.admin.add_calendar(ADA, "Team")
    for _ in range(3):
        insert(ada)
        clock.forward(seconds=10)

    assert refused(insert, ada) == (403, "usageLimits", "rateLimitExceeded")
    insert(ada, other)
    sim.owner.put_event(ADA, timed(DAY))
    assert len(ada("events.list", calendarId=ADA)["items"]) == 4
    clock.forward(seconds=31)
    insert(ada)


def test_an_account_can_become_read_only_for_hours(sim, ada, bob, *, connect, clock):
    """A switch: after so many writes every one is refused, with guests or without."""
    sim.admin.set_setting("write_budget", 2)
    made = insert(ada)
    insert(ada)

    assert refused(insert, ada) == (403, "usageLimits", "quotaExceeded")
    assert refused(ada, "events.delete", calendarId=ADA, eventId=made["id"])[2] == "quotaExceeded"
    insert(bob, "primary")
    clock.forward(hours=5)
    assert refused(insert, connect(ADA))[2] == "quotaExceeded"
    clock.forward(hours=1)
    insert(connect(ADA))


@pytest.mark.parametrize(
    ("status", "answer"),
    [(404, (404, "global", "notFound")), (403, (403, "calendar", "requiredAccessLevel"))],
)
def test_a_new_calendar_needs_some_seconds(sim, ada, clock, status, answer):
    """A switch: a calendar made through the API is unknown or forbidden at first, one made by hand is not."""
    sim.admin.set_setting("fresh_calendar_delay", 5)
    sim.admin.set_setting("fresh_calendar_status", status)
    made = ada("calendars.insert", {"summary": "Bookings"})["id"]
    by_hand = sim.admin.add_calendar(ADA, "Team")

    assert refused(insert, ada, made) == refused(ada, "events.list", calendarId=made) == answer
    assert made in {item["id"] for item in ada("calendarList.list")["items"]}
    insert(ada, by_hand)
    clock.forward(seconds=5)
    insert(ada, made)
