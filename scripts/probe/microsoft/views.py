"""Facts about Outlook's listings and views."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts
from scripts.probe.microsoft.account import MicrosoftAccount

FACTS = Facts()
ONE_PAGE = 12


def _full_calendar(at: MicrosoftAccount) -> None:
    """Have more events in the second calendar than a page holds."""
    there = len(at.pages(at.call("GET", f"{at.events(calendar=at.other)}?$top=100")))
    for number in range(there, ONE_PAGE):
        needed(at.post(at.event(f"M90 {number}"), calendar=at.other))


@FACTS.fact("M90", "a page of events where no size is asked for", double="10")
def default_page(at: MicrosoftAccount) -> str:
    """List more than ten events."""
    _full_calendar(at)
    return str(len(needed(at.call("GET", at.events(calendar=at.other)))["value"]))


@FACTS.fact(
    "M90-most", "$top=1001", double="400 ErrorInvalidParameter", others={"200": "cut to what is allowed"}
)
def large_page(at: MicrosoftAccount) -> str:
    """Ask for more than a thousand."""
    return at.call("GET", f"{at.events()}?$top=1001").said


@FACTS.fact("M91", "pages of a listing: an event that is on two of them", double="no")
def repeated_over_pages(at: MicrosoftAccount) -> str:
    """Read page by page."""
    _full_calendar(at)
    ids = [each["id"] for each in at.pages(at.call("GET", f"{at.events(calendar=at.other)}?$top=5"))]
    return "no" if len(ids) == len(set(ids)) else "yes"


@FACTS.fact("M95", "events of a view without an id", double="no")
def empty_ids(at: MicrosoftAccount) -> str:
    """Look at every event of the probe's calendar."""
    view = at.pages(at.call("GET", f"me/calendars/{at.calendar}/calendarView?{at.window()}"))
    return "no" if all(each.get("id") and each.get("iCalUId") for each in view) else "yes"


@FACTS.fact("M93", "a view of 1826 days", double="400 ErrorInvalidRequest")
def long_view(at: MicrosoftAccount) -> str:
    """Ask for a day more than five years."""
    window = at.window(first=0, last=1826)
    return at.call("GET", f"me/calendars/{at.calendar}/calendarView?{window}").said


@FACTS.fact("M93-allowed", "a view of 1824 days", double="200")
def long_view_allowed(at: MicrosoftAccount) -> str:
    """Ask for what is said to be allowed."""
    window = at.window(first=0, last=1823)
    return at.call("GET", f"me/calendars/{at.calendar}/calendarView?{window}").said


@FACTS.fact("M93-missing", "a view without a window", double="400 ErrorInvalidParameter")
def no_window(at: MicrosoftAccount) -> str:
    """Ask for no time at all."""
    return at.call("GET", f"me/calendars/{at.calendar}/calendarView").said
