"""Facts about Outlook's calendars."""

from __future__ import annotations

from scripts.probe.calendar_names import calendar_name
from scripts.probe.fact import Facts
from scripts.probe.microsoft.account import BETWEEN_LOOKS, MicrosoftAccount

FACTS = Facts()


def _listed(at: MicrosoftAccount, *, immutable: bool) -> set[str]:
    return {str(each["id"]) for each in at.calendars(immutable=immutable)}


@FACTS.fact(
    "M30",
    "the id of a new calendar in the listing",
    double="the same",
    others={"another": "POST gives another id"},
)
def id_in_the_listing(at: MicrosoftAccount) -> str:
    """Compare the id of the answer to POST with the listing."""
    return "the same" if at.calendar in _listed(at, immutable=True) else "another"


@FACTS.fact("M31", "calendar ids with the header for immutable ids, and without", double="the same")
def ids_by_header(at: MicrosoftAccount) -> str:
    """List the calendars in both ways."""
    return "the same" if _listed(at, immutable=True) == _listed(at, immutable=False) else "others"


@FACTS.fact("M32", "calendar ids some seconds later", double="the same")
def ids_later(at: MicrosoftAccount) -> str:
    """List the calendars twice."""
    before = _listed(at, immutable=True)
    at.web.wait(3 * BETWEEN_LOOKS)
    return "the same" if before == _listed(at, immutable=True) else "others"


@FACTS.fact("M105", "a second calendar of the same name", double="409 ErrorFolderExists")
def name_taken(at: MicrosoftAccount) -> str:
    """Create a calendar with the name of the first."""
    answer = at.call("POST", "me/calendars", {"name": calendar_name(at.began, "A")})
    if answer.good:
        at.undo.callback(at.remove_calendar, str(answer.found["id"]))
    return answer.said


@FACTS.fact("M97", "the listing of calendars with the fields that were once refused", double="200")
def fields_of_the_listing(at: MicrosoftAccount) -> str:
    """Ask for canShare and canViewPrivateItems."""
    return at.call("GET", "me/calendars?$select=id,name,canShare,canViewPrivateItems").said


@FACTS.fact("M97-few", "the listing of calendars without them", double="200")
def few_fields_of_the_listing(at: MicrosoftAccount) -> str:
    """Ask for the id and the name alone."""
    return at.call("GET", "me/calendars?$select=id,name").said


@FACTS.fact(
    "M100-unknown",
    "a calendar id that is none",
    double="404 ErrorItemNotFound",
    others={"400 ErrorInvalidIdMalformed": "no id at all"},
)
def unknown_calendar(at: MicrosoftAccount) -> str:
    """List the events of a calendar that never was."""
    return at.call("GET", at.events(calendar="slotbridge-probe")).said
