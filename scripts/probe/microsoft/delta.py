"""Facts about the delta of a calendar view at Microsoft."""

from __future__ import annotations

from collections.abc import Callable

from scripts.probe.account import needed
from scripts.probe.fact import Facts, Need
from scripts.probe.microsoft.account import MicrosoftAccount
from scripts.probe.web import Json, keys

FACTS = Facts()
# A round over a year with one daily series has fewer.
PAGES_OF_A_YEAR = 20
NOT_FOR_DELTA = {
    "select": "$select=id",
    "top": "$top=5",
    "filter": "$filter=isAllDay%20eq%20true",
    "orderby": "$orderby=subject",
    "search": '$search="probe"',
    "expand": "$expand=instances",
}


def _refused(name: str) -> None:
    @FACTS.fact(f"M1-{name}", f"${name} in a delta", double="400 ErrorInvalidUrlQuery")
    def asked(at: MicrosoftAccount) -> str:
        """Ask for a round with a query option that is not for it."""
        view = f"me/calendars/{at.calendar}/calendarView/delta"
        return at.call("GET", f"{view}?{at.window()}&{NOT_FOR_DELTA[name]}").said


for _name in NOT_FOR_DELTA:
    _refused(_name)


def _has(event: str, *, removed: bool = False) -> Callable[[list[Json]], bool]:
    return lambda items: any(each["id"] == event and ("@removed" in each) is removed for each in items)


def _about(items: list[Json], event: str) -> str:
    """What the entries of one event are, in their order."""
    found = ["removed" if "@removed" in each else "present" for each in items if each["id"] == event]
    return " ".join(dict.fromkeys(found)) or "nothing"


@FACTS.fact("M21", "the delta of a named calendar", double="200")
def named_calendar(at: MicrosoftAccount) -> str:
    """Begin a round in the probe's calendar."""
    return at.call("GET", f"me/calendars/{at.calendar}/calendarView/delta?{at.window()}").said


@FACTS.fact(
    "M2",
    "an occurrence in a delta: its keys",
    double="@odata.etag @odata.type end id seriesMasterId start type",
)
def keys_of_an_occurrence(at: MicrosoftAccount) -> str:
    """Create a series, and look at one of its dates."""
    series = at.series("M2")
    _, link = at.delta()
    needed(at.patch(series["id"], {"location": {"displayName": "probe"}}))
    found = at.changes(link, until=lambda items: any(_occurrence_of(each, series["id"]) for each in items))
    return keys(next(each for each in found if _occurrence_of(each, series["id"])))


@FACTS.fact("M3", "the master of a series in a delta whose window begins later", double="present")
def master_before_the_window(at: MicrosoftAccount) -> str:
    """Create a series that began before the window."""
    series = at.series("M3", count=8)
    items, link = at.delta(first=4)
    items += [] if _has(series["id"])(items) else at.changes(link, until=_has(series["id"]))
    return _about(items, series["id"])


@FACTS.fact(
    "M4", "a series of 12 dates under a page size of 5: the entries of it on the largest page", double="13"
)
def series_over_pages(at: MicrosoftAccount) -> str:
    """Ask for small pages."""
    series = at.series("M4", count=12)
    link = f"me/calendars/{at.calendar}/calendarView/delta?{at.window()}"
    largest = 0
    while link:
        page = needed(at.call("GET", link, prefer=["odata.maxpagesize=5"]))
        family = [each for each in page["value"] if series["id"] in (each["id"], each.get("seriesMasterId"))]
        largest, link = max(largest, len(family)), page.get("@odata.nextLink", "")
    return str(largest)


@FACTS.fact(
    "M5",
    "a first round over a year with an endless daily series",
    double="ends",
    others={"does not end": "a new next link each time"},
)
def round_with_an_endless_series(at: MicrosoftAccount) -> str:
    """Make a series without end, read a round with it, and delete it."""
    recurrence = at.daily()
    recurrence["range"] = {"type": "noEnd", "startDate": at.day().date().isoformat()}
    series = needed(at.post(at.event("M5", recurrence=recurrence), calendar=at.other))
    link = f"me/calendars/{at.other}/calendarView/delta?{at.window(last=365)}"
    seen = "does not end"
    for _ in range(PAGES_OF_A_YEAR):
        answer = at.call("GET", link)
        link = str(answer.found.get("@odata.nextLink", ""))
        if not link:
            seen = "ends" if answer.good else answer.said
            break
    at.delete(series["id"])
    return seen


@FACTS.fact("M8", "a new event outside the window", double="removed", others={"nothing": "not told"})
def outside_the_window(at: MicrosoftAccount) -> str:
    """Create an event beyond the window's end."""
    _, link = at.delta(last=5)
    event = at.made("M8", start=at.moment(20), end=at.moment(20, hours=1))
    return _about(at.changes(link, until=_has(event["id"], removed=True)), event["id"])


@FACTS.fact(
    "M9",
    "one date of a series deleted: what the delta tells",
    double="nothing",
    others={"series": "the rest of it"},
)
def deleted_occurrence(at: MicrosoftAccount) -> str:
    """Delete the second date."""
    series = at.series("M9")
    gone = at.instances(series["id"])[1]["id"]
    _, link = at.delta()
    needed(at.delete(gone))
    family = {series["id"], gone}
    found = at.changes(link, until=lambda items: any(each["id"] in family for each in items))
    parts = ["removed date"] if any(each["id"] == gone and "@removed" in each for each in found) else []
    parts += ["series"] if any(each["id"] == series["id"] for each in found) else []
    return " ".join(parts) or "nothing"


@FACTS.fact("M11", "a plain deletion", double="removed", others={"nothing": "a deletion that is not told"})
def plain_deletion(at: MicrosoftAccount) -> str:
    """Delete a single event."""
    event = at.made("M11")
    items, link = at.delta()
    if not _has(event["id"])(items):
        at.changes(link, until=_has(event["id"]))
        _, link = at.delta()
    needed(at.delete(event["id"]))
    return _about(at.changes(link, until=_has(event["id"], removed=True)), event["id"])


@FACTS.fact(
    "M12",
    "an event that was created and deleted between two rounds",
    double="removed",
    others={"nothing": "it never was"},
)
def created_and_deleted(at: MicrosoftAccount) -> str:
    """Create and delete at once."""
    _, link = at.delta()
    event = at.made("M12")
    needed(at.delete(event["id"]))
    return _about(at.changes(link), event["id"])


@FACTS.fact(
    "M17",
    "a delta link whose token was changed",
    double="400 ErrorInvalidUrlQuery",
    others={"400 InvalidDeltaToken": "named so", "410 SyncStateNotFound": "taken for lost"},
)
def unreadable_token(at: MicrosoftAccount) -> str:
    """Ask with a token that Graph cannot read."""
    view = f"me/calendars/{at.calendar}/calendarView/delta"
    return at.call("GET", f"{view}?$deltatoken=slotbridge-probe").said


@FACTS.fact(
    "M19",
    "another window beside a delta link's token: an event beyond the first one",
    double="removed",
    others={"present": "the new window counts"},
)
def window_in_the_token(at: MicrosoftAccount) -> str:
    """Ask the next round with a wider window."""
    _, link = at.delta(last=5)
    event = at.made("M19", start=at.moment(20), end=at.moment(20, hours=1))
    items = at.changes(f"{link}&{at.window(last=60)}", until=_has(event["id"], removed=True))
    return _about(items, event["id"])


@FACTS.fact(
    "M23",
    "an event moved by hand, in the delta of the calendar that it came to",
    Need.HANDS,
    double="present",
    others={"nothing": "a silent move"},
)
def moved_in(at: MicrosoftAccount) -> str:
    """Let a person move an event to the second calendar."""
    event = at.made("M23")
    _, link = at.delta(calendar=at.other)
    at.act("move_event", "M23", event["id"])
    return _about(at.changes(link, until=_has(event["id"])), event["id"])


@FACTS.fact("M23-left", "the same in the delta of the calendar that it left", Need.HANDS, double="removed")
def moved_out(at: MicrosoftAccount) -> str:
    """Let a person move an event to the second calendar."""
    event = at.made("M23 left")
    _, link = at.delta()
    at.act("move_event", "M23 left", event["id"])
    return _about(at.changes(link, until=_has(event["id"], removed=True)), event["id"])


@FACTS.fact(
    "M24",
    "an event moved away and back by hand, in the delta of its calendar",
    Need.HANDS,
    double="present",
    others={
        "removed": "never present again",
        "removed present": "both are told",
        "nothing": "neither is told",
    },
)
def moved_back(at: MicrosoftAccount) -> str:
    """Let a person move an event to the second calendar and back."""
    event = at.made("M24")
    _, link = at.delta()
    at.act("move_event", "M24", event["id"])
    at.act("move_back", "M24", event["id"])
    return _about(at.changes(link, until=_has(event["id"])), event["id"])


@FACTS.fact("M26", "a delta link that was got with immutable ids, asked without", double="200")
def link_serves_both(at: MicrosoftAccount) -> str:
    """Leave the header out in the next round."""
    _, link = at.delta()
    return at.call("GET", link, immutable=False).said


def _occurrence_of(item: Json, series: str) -> bool:
    return item.get("seriesMasterId") == series and item.get("type") == "occurrence"
