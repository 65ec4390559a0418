"""Facts about Google's listings, sync tokens and deltas."""

from __future__ import annotations

from scripts.probe.account import needed, title
from scripts.probe.fact import Facts, Need
from scripts.probe.google.account import GoogleAccount
from scripts.probe.web import Json, keys

FACTS = Facts()

# Parameters that may not stand beside a sync token: https://developers.google.com/workspace/calendar/api/guides/sync
BESIDE_A_TOKEN: dict[str, str] = {
    "timeMin": "2026-01-01T00:00:00Z",
    "updatedMin": "2026-01-01T00:00:00Z",
    "orderBy": "updated",
    "q": "probe",
    "iCalUID": "probe@example.invalid",
    "privateExtendedProperty": "probe=1",
}


def _beside_a_token(name: str) -> None:
    @FACTS.fact(f"G2-{name}", f"a sync token together with {name}", double="400 badRequest")
    def together(at: GoogleAccount) -> str:
        """List with a good sync token and a parameter that it forbids."""
        return at.listing(syncToken=at.sync_token(), **{name: BESIDE_A_TOKEN[name]}).said


for _name in BESIDE_A_TOKEN:
    _beside_a_token(_name)


@FACTS.fact(
    "G1-unreadable",
    "a sync token that Google never gave",
    double="400 invalid",
    others={"410 fullSyncRequired": "taken for one that has expired"},
)
def unreadable_token(at: GoogleAccount) -> str:
    """List with a token that is none."""
    return at.listing(syncToken="slotbridge-probe").said


@FACTS.fact("G1-other-calendar", "the sync token of another calendar", double="410 fullSyncRequired")
def token_of_another_calendar(at: GoogleAccount) -> str:
    """List the second calendar with the first one's token."""
    return at.listing(calendar=at.other, syncToken=at.sync_token()).said


@FACTS.fact("G3", "an event before the first listing's timeMin, in the delta", double="listed")
def delta_is_not_bounded(at: GoogleAccount) -> str:
    """Begin with a lower bound, then change something before it."""
    page = needed(at.listing(timeMin=at.day(20).isoformat(), maxResults=2500))
    event = at.made("G3")
    found = at.changes(page["nextSyncToken"], until=event["id"])
    return "listed" if event["id"] in _ids(found) else "left out"


@FACTS.fact("G4", "nextSyncToken on the first of two pages, and on the last", double="absent, present")
def token_on_the_last_page(at: GoogleAccount) -> str:
    """Read two events on two pages."""
    at.made("G4 one")
    at.made("G4 two")
    query = {"timeMin": at.day().isoformat(), "timeMax": at.day(1).isoformat()}
    first = needed(at.listing(maxResults=1, **query))
    last = at.last_page(maxResults=1, **query)
    return ", ".join("present" if "nextSyncToken" in page else "absent" for page in (first, last))


@FACTS.fact("G5-expanded", "nextSyncToken of a listing with singleEvents", double="present")
def token_when_expanded(at: GoogleAccount) -> str:
    """List expanded, without an order."""
    page = needed(at.listing(singleEvents=True, maxResults=2500))
    return "present" if "nextSyncToken" in page else "absent"


@FACTS.fact("G5-ordered", "nextSyncToken of a listing in an order", double="absent")
def token_when_ordered(at: GoogleAccount) -> str:
    """List expanded and ordered by start."""
    page = needed(at.listing(singleEvents=True, orderBy="startTime", maxResults=2500))
    return "present" if "nextSyncToken" in page else "absent"


@FACTS.fact("G6", "a first page of two, where there are more events", double="2 items")
def full_page(at: GoogleAccount) -> str:
    """Ask for pages of two events; a page may be shorter, or empty."""
    for number in range(3):
        at.made(f"G6 {number}")
    return f"{len(needed(at.listing(maxResults=2))['items'])} items"


@FACTS.fact(
    "G8",
    "one instance deleted: what the delta lists of the series",
    double="exception master",
    others={"exception": "the changed date alone"},
)
def family_in_a_delta(at: GoogleAccount) -> str:
    """Delete one date of a series that has another changed date."""
    family, found = _family_with_a_deleted_date(at, "G8")
    return " ".join(sorted({_part(family, each) for each in found}))


@FACTS.fact(
    "G8-etag",
    "the etag of the series after one instance was deleted",
    double="another",
    others={"as before": "the series is not touched"},
)
def etag_of_the_family(at: GoogleAccount) -> str:
    """Compare the master's etag before and after."""
    series = at.series("G8 etag")
    before = needed(at.get(series["id"]))["etag"]
    needed(at.delete(at.instance(series["id"], 1)["id"]))
    return "as before" if needed(at.get(series["id"]))["etag"] == before else "another"


@FACTS.fact("G16", "the order of master and exception in a delta", double="master exception")
def order_in_a_delta(at: GoogleAccount) -> str:
    """Make a series and change one of its dates, then read both as changes."""
    token = at.sync_token()
    series = at.series("G16")
    changed = at.instance(series["id"], 1)["id"]
    needed(at.patch(changed, {"location": "probe"}))
    found = at.changes(token, until=changed)
    return " ".join(
        _part(series["id"], each)
        for each in found
        if series["id"] in (each["id"], each.get("recurringEventId"))
    )


@FACTS.fact(
    "G9",
    "a deleted series in the delta: its keys",
    double="etag id kind status",
    others={"many keys": "the whole event"},
)
def deleted_series(at: GoogleAccount) -> str:
    """Delete a whole series."""
    series = at.series("G9")
    token = at.sync_token()
    needed(at.delete(series["id"]))
    found = [each for each in at.changes(token, until=series["id"]) if each["id"] == series["id"]]
    return _few_keys(found[0])


@FACTS.fact(
    "G9-single",
    "a deleted single event in the delta: its keys",
    double="many keys",
    others={"etag id kind status": "the bare tombstone"},
)
def deleted_single(at: GoogleAccount) -> str:
    """Delete an event."""
    event = at.made("G9 single")
    token = at.sync_token()
    needed(at.delete(event["id"]))
    found = [each for each in at.changes(token, until=event["id"]) if each["id"] == event["id"]]
    return _few_keys(found[0])


@FACTS.fact(
    "G11",
    "a cancelled exception: its keys",
    double="etag id kind originalStartTime recurringEventId status",
)
def cancelled_exception(at: GoogleAccount) -> str:
    """Delete one date, and look at it in the delta."""
    family, found = _family_with_a_deleted_date(at, "G11")
    return keys(next(each for each in found if each.get("status") == "cancelled" and each["id"] != family))


@FACTS.fact("G12", "exceptions of a deleted series, in a listing with showDeleted", double="listed")
def exceptions_after_the_master(at: GoogleAccount) -> str:
    """Delete one date and then the series."""
    series = at.series("G12")
    gone = at.instance(series["id"], 1)["id"]
    needed(at.delete(gone))
    needed(at.delete(series["id"]))
    page = needed(at.listing(showDeleted=True, maxResults=2500, updatedMin=at.began.isoformat()))
    return "listed" if gone in _ids(page["items"]) else "left out"


@FACTS.fact(
    "G10",
    "a changed date after 'this and following' was deleted by hand, in the delta: its keys",
    Need.HANDS,
    double="etag id kind status",
    others={"none": "not named", "id status": "bare stubs"},
)
def beyond_a_cut(at: GoogleAccount) -> str:
    """Change the fourth date of a series, then let a person delete the third and all that follow."""
    series = at.series("G10")
    beyond = at.instance(series["id"], 3)["id"]
    needed(at.patch(beyond, {"location": "probe"}))
    token = at.sync_token()
    at.act("delete_following", "G10", at.instance(series["id"], 2)["id"])
    found = [each for each in at.changes(token) if each["id"] == beyond]
    return _few_keys(found[0]) if found else "none"


@FACTS.fact(
    "G7",
    "the instances of an endless daily series in an expanded delta",
    double="730",
    others={"700": "as somebody counted"},
)
def endless_series_expanded(at: GoogleAccount) -> str:
    """Make a series without end, read it as a change, and delete it."""
    token = needed(at.listing(singleEvents=True, maxResults=2500))["nextSyncToken"]
    series = at.made("G7", recurrence=["RRULE:FREQ=DAILY"])
    items: list[Json] = []
    page = needed(at.listing(singleEvents=True, maxResults=2500, syncToken=token))
    items += page["items"]
    at.delete(series["id"])
    more = " and more" if "nextPageToken" in page else ""
    return f"{sum(each.get('recurringEventId') == series['id'] for each in items)}{more}"


@FACTS.fact("G17", "a series that was cut before timeMin, in a listing", double="left out")
def cut_series(at: GoogleAccount) -> str:
    """Cut a daily series after two days, and list from the fourth day on."""
    series = at.made("G17", recurrence=["RRULE:FREQ=DAILY"])
    needed(at.patch(series["id"], {"recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]}))
    page = needed(at.listing(timeMin=at.day(4).isoformat(), maxResults=2500))
    return "listed" if series["id"] in _ids(page["items"]) else "left out"


@FACTS.fact("G18", "a new all-day event in a delta", double="listed")
def all_day_in_a_delta(at: GoogleAccount) -> str:
    """Insert an all-day event, and read the changes."""
    token = at.sync_token()
    event = at.made("G18", start=at.date(), end=at.date(1))
    return "listed" if event["id"] in _ids(at.changes(token, until=event["id"])) else "left out"


@FACTS.fact("G13", "a field mask without the status, on a deleted event", double="id")
def mask_without_status(at: GoogleAccount) -> str:
    """List deleted events with their ids alone."""
    event = at.made("G13")
    needed(at.delete(event["id"]))
    page = needed(at.listing(showDeleted=True, maxResults=2500, fields="items(id)"))
    return keys(next(each for each in page["items"] if each["id"] == event["id"]))


@FACTS.fact("G19", "maxResults above 2500", double="200")
def large_pages(at: GoogleAccount) -> str:
    """Ask for pages of 2501."""
    return at.listing(maxResults=2501).said


@FACTS.fact("G20", "timeMin without an offset", double="400 badRequest")
def time_without_offset(at: GoogleAccount) -> str:
    """Ask with a local time."""
    return at.listing(timeMin=at.day().replace(tzinfo=None).isoformat()).said


@FACTS.fact("G20-fraction", "timeMin with a fraction of a second", double="200")
def time_with_fraction(at: GoogleAccount) -> str:
    """Ask with milliseconds."""
    return at.listing(timeMin="2026-01-01T00:00:00.123Z", maxResults=1).said


@FACTS.fact("G21", "updatedMin a year ago", double="410 updatedMinTooLongAgo")
def old_updated_min(at: GoogleAccount) -> str:
    """Ask for changes of a year."""
    year_ago = at.began.replace(year=at.began.year - 1, day=1)
    return at.listing(updatedMin=year_ago.isoformat(), maxResults=1).said


@FACTS.fact("G55-listing", "timeMax before timeMin", double="400 timeRangeEmpty")
def reversed_range(at: GoogleAccount) -> str:
    """Ask for a range that ends before it begins."""
    return at.listing(timeMin=at.day(2).isoformat(), timeMax=at.day(1).isoformat()).said


def _family_with_a_deleted_date(at: GoogleAccount, about: str) -> tuple[str, list[Json]]:
    series = at.series(about)
    changed, gone = (at.instance(series["id"], number)["id"] for number in (1, 2))
    needed(at.patch(changed, {"summary": title(f"{about} changed")}))
    token = at.sync_token()
    needed(at.delete(gone))
    found = at.changes(token, until=gone)
    return series["id"], [each for each in found if str(each["id"]).startswith(series["id"])]


def _part(family: str, item: Json) -> str:
    return "master" if item["id"] == family else "exception"


def _few_keys(item: Json) -> str:
    return keys(item) if len(item) < 8 else "many keys"  # noqa: PLR2004


def _ids(items: list[Json]) -> set[str]:
    return {str(each["id"]) for each in items}
