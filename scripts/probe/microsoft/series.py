"""Facts about series at Microsoft."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts
from scripts.probe.microsoft.account import EVENT_TYPES, WINDOWS_ZONE, MicrosoftAccount
from scripts.probe.web import Json, one_of

FACTS = Facts()


def _in_windows_zone(at: MicrosoftAccount, about: str) -> Json:
    recurrence = at.daily()
    recurrence["range"]["recurrenceTimeZone"] = WINDOWS_ZONE
    times = {name: at.moment(hours=hours, zone=WINDOWS_ZONE) for name, hours in (("start", 0), ("end", 1))}
    return at.made(about, recurrence=recurrence, **times)


@FACTS.fact(
    "M75",
    "PATCH of a series' times in another zone than its own",
    double="400 ErrorPropertyValidationFailure",
    others={"200": "moved"},
)
def times_in_another_zone(at: MicrosoftAccount) -> str:
    """Move a series of another zone, in UTC."""
    series = _in_windows_zone(at, "M75")
    return at.patch(series["id"], {"start": at.moment(hours=2), "end": at.moment(hours=3)}).said


@FACTS.fact("M75-recurrence", "the same with the recurrence beside it", double="200")
def times_and_recurrence(at: MicrosoftAccount) -> str:
    """Move a series of another zone, in UTC, with its recurrence."""
    series = _in_windows_zone(at, "M75 recurrence")
    changes = {"start": at.moment(hours=2), "end": at.moment(hours=3), "recurrence": at.daily()}
    return at.patch(series["id"], changes).said


@FACTS.fact("M75-own", "the same in the series' own zone", double="200")
def times_in_the_own_zone(at: MicrosoftAccount) -> str:
    """Move a series in its own zone."""
    series = _in_windows_zone(at, "M75 own")
    changes = {"start": at.moment(hours=2, zone=WINDOWS_ZONE), "end": at.moment(hours=3, zone=WINDOWS_ZONE)}
    return at.patch(series["id"], changes).said


@FACTS.fact(
    "M76", "a date of a daily series moved beyond the next one", double="400 ErrorOccurrenceCrossingBoundary"
)
def over_a_neighbour(at: MicrosoftAccount) -> str:
    """Move the second date by two days."""
    series = at.series("M76")
    second = at.instances(series["id"])[1]["id"]
    return at.patch(second, {"start": at.moment(3), "end": at.moment(3, hours=1)}).said


@FACTS.fact("M77", "PATCH of a date, read again", double="kept", others={"lost": "answered and not kept"})
def changed_date(at: MicrosoftAccount) -> str:
    """Change the place of five dates, and read them."""
    series = at.series("M77")
    dates = [each["id"] for each in at.instances(series["id"])]
    for each in dates:
        needed(at.patch(each, {"location": {"displayName": "probe"}}))
    found = [needed(at.get(each)).get("location", {}).get("displayName") for each in dates]
    return "kept" if set(found) == {"probe"} else "lost"


@FACTS.fact("M88", "range.startDate of a weekly series that begins on another weekday", double="moved")
def first_date_moved(at: MicrosoftAccount) -> str:
    """Begin a series on the day after the day that it recurs on."""
    wanted = at.day(1).strftime("%A").lower()
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": [wanted]},
        "range": {"type": "numbered", "startDate": at.day().date().isoformat(), "numberOfOccurrences": 3},
    }
    found = at.made("M88", recurrence=recurrence)["recurrence"]["range"]["startDate"]
    return "moved" if found == at.day(1).date().isoformat() else "as written"


@FACTS.fact("M89", "the end of a series without end", double="noEnd zero", others={"noEnd none": "left out"})
def no_end(at: MicrosoftAccount) -> str:
    """Create a series without end, and remove it."""
    recurrence = at.daily()
    recurrence["range"] = {"type": "noEnd", "startDate": at.day().date().isoformat()}
    series = at.made("M89", recurrence=recurrence)
    span = series["recurrence"]["range"]
    at.delete(series["id"])
    end = span.get("endDate")
    kind = one_of(span["type"], "noEnd", "endDate", "numbered")
    return f"{kind} {'none' if not end else 'zero' if end == '0001-01-01' else 'a date'}"


@FACTS.fact(
    "M92",
    "a changed date in /instances",
    double="exception",
    others={"nothing": "left out", "occurrence": "as if unchanged"},
)
def exception_among_the_dates(at: MicrosoftAccount) -> str:
    """Move a date by an hour, and list the dates."""
    series = at.series("M92")
    changed = at.instances(series["id"])[1]["id"]
    moved = {"start": at.moment(1, hours=1), "end": at.moment(1, hours=2)}
    needed(at.patch(changed, moved))
    found = [
        one_of(each["type"], *EVENT_TYPES) for each in at.instances(series["id"]) if each["id"] == changed
    ]
    return found[0] if found else "nothing"


@FACTS.fact("M92-view", "a changed date in calendarView", double="exception")
def exception_in_a_view(at: MicrosoftAccount) -> str:
    """Move a date by an hour, and look at the view."""
    series = at.series("M92 view")
    changed = at.instances(series["id"])[1]["id"]
    needed(at.patch(changed, {"start": at.moment(1, hours=1), "end": at.moment(1, hours=2)}))
    view = at.pages(at.call("GET", f"me/calendars/{at.calendar}/calendarView?{at.window()}"))
    found = [one_of(each["type"], *EVENT_TYPES) for each in view if each["id"] == changed]
    return found[0] if found else "nothing"


@FACTS.fact("M92-single", "the dates of an event that is no series", double="400 ErrorInvalidRequest")
def dates_of_a_single_event(at: MicrosoftAccount) -> str:
    """Ask for the dates of a single event."""
    event = at.made("M92 single")
    return at.call("GET", f"me/events/{event['id']}/instances?{at.window()}").said
