from contextlib import suppress
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.microsoft import MicrosoftSimulator, WebhookReply
from local.microsoft.errors import GraphError
from tests.local.microsoft.driver import ADA, IMMUTABLE, WINDOW, Clock, Driver, all_day, timed, weekly

FIRST = datetime(2026, 9, 21, 10, 0)  # noqa: DTZ001 - a wall time
DAYS = ["monday", "wednesday", "friday"]
STEPS = st.tuples(
    st.sampled_from(
        ["put", "all_day", "series", "edit", "shift", "delete", "move", "split", "cut", "day", "lag"]
    ),
    st.integers(0, 50),
    st.integers(-45, 45),
)


class Follower:
    """A client that keeps a copy of a calendar by delta alone, and replaces every series as a whole."""

    def __init__(self, driver, calendar):
        self.driver = driver
        self.path = f"/me/calendars/{calendar}/calendarView"
        self.rows = {}
        self.link = None

    def sync(self):
        query = {} if self.link else WINDOW
        found, page = self.driver.all(self.link or f"{self.path}/delta", **query)
        self.link = page["@odata.deltaLink"]
        families = {each["id"] for each in found}
        self.rows = {
            name: row
            for name, row in self.rows.items()
            if name not in families and row.get("seriesMasterId") not in families
        }
        self.rows |= {each["id"]: each for each in found if "@removed" not in each}

    def seen(self):
        return {
            (name, row["start"]["dateTime"], row["end"]["dateTime"])
            for name, row in self.rows.items()
            if row["type"] != "seriesMaster"
        }

    def truth(self):
        found, _ = self.driver.all(self.path, **WINDOW, **{"$top": 100})
        return {(each["id"], each["start"]["dateTime"], each["end"]["dateTime"]) for each in found}


def act(sim, calendars, kind, which, days):
    """Do one edit of a person; one that is not possible at this moment is left out."""
    wall = (FIRST + timedelta(days=days + 20)).isoformat()
    if kind == "put":
        sim.owner.put_event(calendars[0], timed(wall))
    elif kind == "all_day":
        sim.owner.put_event(calendars[0], all_day(wall))
    elif kind == "series":
        rule = weekly(wall[:10], *DAYS[: which % 3 + 1])
        sim.owner.put_event(calendars[0], timed(wall, recurrence=rule))
    elif kind == "lag":
        sim.admin.set_setting("lag_reads", which % 3)
    else:
        held = [(each, one) for each in calendars for one in sim.inspect.events(each)]
        masters = [pair for pair in held if pair[1]["type"] == "seriesMaster"]
        chosen = masters if kind in {"split", "cut", "day"} else held
        if chosen:
            change(sim, calendars, kind, chosen[which % len(chosen)], days)


def change(sim, calendars, kind, place, days):
    """Change one event, or one occurrence of a series."""
    calendar, event = place
    own = event["type"] in {"singleInstance", "seriesMaster"}
    window = {"start": WINDOW["startDateTime"], "end": WINDOW["endDateTime"]}
    found = sim.owner.days(calendar, event["id"], **window) if kind in {"split", "cut", "day"} else []
    if kind == "edit":
        sim.owner.edit_event(calendar, event["id"], {"subject": f"S{days}"})
    elif kind == "shift" and own and not event["isAllDay"]:
        sim.owner.shift_event(calendar, event["id"], minutes=days * 1440)
    elif kind == "delete":
        sim.owner.delete_event(calendar, event["id"])
    elif kind == "move" and own:
        sim.owner.move_to_calendar(calendar, event["id"], calendars[calendar == calendars[0]])
    elif found and kind == "day":
        day = found[days % len(found)]
        if days % 3:
            sim.owner.shift_event(calendar, day["id"], minutes=days)
        else:
            sim.owner.delete_event(calendar, day["id"])
    elif found and kind == "split":
        sim.owner.split_series(calendar, found[days % len(found)]["id"], {"subject": "Split"})
    elif found and kind == "cut":
        sim.owner.delete_following(calendar, found[days % len(found)]["id"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(STEPS, max_size=14), st.sampled_from(["series", "removed"]), st.sampled_from(["all", "master"])
)
def test_changes_by_delta_add_up_to_the_calendar_view(steps, days, series):
    """Whatever people do, the copy of a client that replaces series as a whole equals calendarView."""
    sim = MicrosoftSimulator(now=Clock(), send_push=lambda *_: WebhookReply(202))
    sim.admin.add_client("client", secret="secret", redirect_uris=["https://app.example.test/cb"])
    sim.admin.add_account(ADA)
    sim.admin.set_setting("deleted_occurrences", days)
    sim.admin.set_setting("removed_series", series)
    sim.admin.set_limits()
    calendars = [sim.admin.default_calendar(ADA), sim.admin.add_calendar(ADA, "Private")]
    driver = Driver(sim, sim.admin.grant(ADA, "client", ["Calendars.Read"])["access_token"])
    driver.prefer = [IMMUTABLE, "odata.maxpagesize=3"]
    followers = [Follower(driver, each) for each in calendars]
    for step in steps:
        with suppress(GraphError):  # Outlook refuses some things, too
            act(sim, calendars, *step)
        for each in followers:
            each.sync()
    sim.admin.set_setting("lag_reads", 0)
    for each in followers:
        for _ in range(4):
            each.sync()

        assert each.truth() == each.seen()
    sim.close()
