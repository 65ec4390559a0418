from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from local.google import GoogleSimulator
from tests.local.google.driver import ADA, Clock, Driver, timed

LOWER = datetime(2026, 10, 22, 8, 30, tzinfo=UTC)
DAYS = [f"2026-10-{day:02d}T10:00:00" for day in range(20, 30)]
ACTIONS = ("put", "put_series", "edit", "delete", "instance", "cancel", "split", "shift", "sync", "restore")
steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 1), st.integers(0, 9)), min_size=5, max_size=30
)


class Mirror:
    """A client that keeps a copy of a calendar by sync tokens, in pages of two."""

    def __init__(self, driver):
        self.driver = driver
        self.token = None
        self.held = {}

    def sync(self):
        query = {"calendarId": ADA, "maxResults": 2} | ({"syncToken": self.token} if self.token else {})
        page = self.driver("events.list", **query)
        while True:
            for item in page["items"]:
                self.held[item["id"]] = item
            if "nextSyncToken" in page:
                self.token = page["nextSyncToken"]
                return
            page = self.driver("events.list", pageToken=page["nextPageToken"], **query)


def act(sim, action, first, second):
    """Do one edit by the owner; one that is not possible at this moment is left out."""
    single, series = f"single{first}", f"series{first}"
    stored = {event["id"]: event for event in sim.inspect.events(ADA)}
    live = {name for name, event in stored.items() if event["status"] != "cancelled"}
    if action == "put" and single not in stored:
        sim.owner.put_event(ADA, timed(DAYS[second], id=single))
    if action == "put_series" and series not in stored:
        rule = ["RRULE:FREQ=DAILY;COUNT=8"]
        sim.owner.put_event(ADA, timed(DAYS[second], id=series, recurrence=rule))
    if action == "edit" and single in live:
        sim.owner.edit_event(ADA, single, {"summary": f"edit {second}"})
    if action == "shift" and series in live:
        sim.owner.shift_event(ADA, series, minutes=30 * (second - 4))
    if action == "delete":
        for name in {single, series} & live:
            sim.owner.delete_event(ADA, name)
    if action == "restore":
        for name in {single, series} & (stored.keys() - live):
            sim.owner.restore_event(ADA, name)
    if action in {"instance", "cancel", "split"} and series in live:
        on_instance(sim, action, series, second)


def on_instance(sim, action, series, second):
    token = sim.admin.grant(ADA, "client", ["calendar"])["access_token"]
    items = Driver(sim, token)("events.instances", calendarId=ADA, eventId=series)["items"]
    if second >= len(items):
        return
    name = items[second]["id"]
    if action == "instance":
        sim.owner.shift_event(ADA, name, minutes=15)
    if action == "cancel":
        sim.owner.delete_event(ADA, name)
    if action == "split" and second and f"{series}_R{name.rpartition('_')[2][:-1]}" not in stored_ids(sim):
        sim.owner.split_series(ADA, name, {"summary": "split"})


def stored_ids(sim):
    return {event["id"] for event in sim.inspect.events(ADA)}


def shown(items):
    """What is compared of events: present ones whole, cancelled ones by id."""
    return {
        name: item if item["status"] != "cancelled" else "cancelled"
        for name, item in items.items()
        if item["status"] != "cancelled" or item.get("recurringEventId")
    }


@settings(max_examples=60, deadline=None)
@given(steps)
def test_changes_by_sync_token_add_up_to_the_full_listing(script):
    """Whatever the owner does and whenever the client synchronises, its copy equals the full listing."""
    sim = GoogleSimulator(now=Clock())
    sim.admin.add_client("client", secret="secret", redirect_uris=["https://app.example.test/"])
    sim.admin.add_account(ADA)
    driver = Driver(sim, sim.admin.grant(ADA, "client", ["calendar"])["access_token"])
    mirror = Mirror(driver)
    for action, first, second in script:
        if action == "sync":
            mirror.sync()
        else:
            act(sim, action, first, second)
    mirror.sync()
    items, _ = driver.all_items("events.list", calendarId=ADA, maxResults=2)

    listed = shown({item["id"]: item for item in items})
    followed = shown(mirror.held)
    assert {name: item for name, item in followed.items() if item != "cancelled"} == {
        name: item for name, item in listed.items() if item != "cancelled"
    }


@settings(max_examples=40, deadline=None)
@given(steps)
def test_listing_instances_and_free_busy_agree(script):
    """The expanded listing, the instances of each series and free/busy show the same times."""
    sim = GoogleSimulator(now=Clock())
    sim.admin.add_client("client", secret="secret", redirect_uris=["https://app.example.test/"])
    sim.admin.add_account(ADA)
    driver = Driver(sim, sim.admin.grant(ADA, "client", ["calendar"])["access_token"])
    for action, first, second in script:
        if action != "sync":
            act(sim, action, first, second)
    window = {"timeMin": LOWER.isoformat(), "timeMax": "2026-11-02T08:15:00Z"}
    expanded, _ = driver.all_items("events.list", calendarId=ADA, singleEvents=True, maxResults=7, **window)
    masters = [event for event in driver.all_items("events.list", calendarId=ADA)[0] if "recurrence" in event]
    instances = [
        item["id"]
        for master in masters
        for item in driver.all_items("events.instances", calendarId=ADA, eventId=master["id"], **window)[0]
        if datetime.fromisoformat(item["end"]["dateTime"]) > LOWER
    ]
    busy = driver("freebusy.query", window | {"items": [{"id": ADA}]})["calendars"][ADA]["busy"]

    assert sorted(item["id"] for item in expanded if "recurringEventId" in item) == sorted(instances)
    assert bool(expanded) == bool(busy)
