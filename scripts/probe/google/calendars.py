"""Facts about Google's calendars and free/busy."""

from __future__ import annotations

from datetime import timedelta

from scripts.probe.account import needed
from scripts.probe.fact import Facts
from scripts.probe.google.account import ZONE, GoogleAccount
from scripts.probe.web import Json

FACTS = Facts()
UNKNOWN = "c_slotbridgeprobe00000000000@group.calendar.google.com"


@FACTS.fact(
    "G95",
    "the first write to a calendar that was just made",
    double="200",
    others={"403 requiredAccessLevel": "the calendar needs some seconds", "404 notFound": "the same"},
)
def first_write(at: GoogleAccount) -> str:
    """What the run's own first insert was answered."""
    return at.first_write


@FACTS.fact("G14", "events of a calendar that does not exist", double="404 notFound")
def unknown_calendar(at: GoogleAccount) -> str:
    """List the events of a calendar id that nobody has."""
    return at.listing(calendar=UNKNOWN).said


@FACTS.fact("G33", "the calendar id 'default'", double="404 notFound")
def default_calendar(at: GoogleAccount) -> str:
    """List the events of the calendar ``default``."""
    return at.listing(calendar="default").said


@FACTS.fact("G51-calendar", "a calendar in a zone that does not exist", double="400 invalid")
def calendar_zone(at: GoogleAccount) -> str:
    """Change the zone of the probe's second calendar to a name that nobody has."""
    return at.call("PATCH", f"calendars/{at.other}", {"timeZone": "Europe/Atlantis"}).said


@FACTS.fact("G98", "two calendars of one name", double="200")
def same_name(at: GoogleAccount) -> str:
    """Give the second calendar the first one's name, and then its own again."""
    names = [needed(at.call("GET", f"calendars/{each}"))["summary"] for each in (at.calendar, at.other)]
    said = at.call("PATCH", f"calendars/{at.other}", {"summary": names[0]}).said
    needed(at.call("PATCH", f"calendars/{at.other}", {"summary": names[1]}))
    return said


def _free_busy(at: GoogleAccount, *, days: int, items: list[str], **more: str) -> Json:
    start = at.day()
    return {
        "timeMin": start.isoformat(),
        "timeMax": (start + timedelta(days=days)).isoformat(),
        "timeZone": ZONE,
        "items": [{"id": each} for each in items],
    } | more


def _errors(answer: Json, calendar: str) -> str:
    found = answer["calendars"][calendar].get("errors", [])
    return " ".join(each["reason"] for each in found) or "none"


@FACTS.fact("G100", "free/busy over half a year", double="400 timeRangeTooLong")
def long_free_busy(at: GoogleAccount) -> str:
    """Ask for 180 days."""
    return at.call("POST", "freeBusy", _free_busy(at, days=180, items=[at.calendar])).said


@FACTS.fact("G100-90-days", "free/busy over 90 days", double="200")
def ninety_days(at: GoogleAccount) -> str:
    """Ask for 90 days, which is said to be allowed."""
    return at.call("POST", "freeBusy", _free_busy(at, days=90, items=[at.calendar])).said


@FACTS.fact("G101", "free/busy of 51 calendars: the last one", double="tooManyCalendarsRequested")
def many_calendars(at: GoogleAccount) -> str:
    """Ask for 51 calendars that do not exist, but for the first."""
    others = [f"c_slotbridgeprobe{number:011d}@group.calendar.google.com" for number in range(50)]
    answer = at.call("POST", "freeBusy", _free_busy(at, days=1, items=[at.calendar, *others]))
    return _errors(needed(answer), others[-1])


@FACTS.fact("G102", "free/busy of a calendar that does not exist", double="200 with notFound")
def missing_in_free_busy(at: GoogleAccount) -> str:
    """Ask for one calendar that nobody has."""
    answer = at.call("POST", "freeBusy", _free_busy(at, days=1, items=[UNKNOWN]))
    return f"{answer.said} with {_errors(needed(answer), UNKNOWN)}"


@FACTS.fact("G103", "the key of 'primary' in free/busy", double="as asked")
def key_as_asked(at: GoogleAccount) -> str:
    """Ask for ``primary``; only the key of the answer is looked at."""
    answer = needed(at.call("POST", "freeBusy", _free_busy(at, days=1, items=["primary"])))
    return "as asked" if "primary" in answer["calendars"] else "another"


@FACTS.fact("G57", "free/busy with a date instead of a time", double="400 badRequest")
def date_in_free_busy(at: GoogleAccount) -> str:
    """Ask with a bare date as lower bound."""
    body = _free_busy(at, days=1, items=[at.calendar], timeMin=at.day().date().isoformat())
    return at.call("POST", "freeBusy", body).said
