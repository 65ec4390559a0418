"""Facts about times, zones and whole days at Microsoft."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts
from scripts.probe.microsoft.account import WINDOWS_ZONE, MicrosoftAccount
from scripts.probe.web import Json

FACTS = Facts()


@FACTS.fact("M73", "an end equal to the start", double="201")
def no_length(at: MicrosoftAccount) -> str:
    """Create an event without length."""
    return at.post(at.event("M73", end=at.moment())).said


@FACTS.fact(
    "M73-reversed", "an end before the start", double="400 ErrorCalendarEndDateIsEarlierThanStartDate"
)
def reversed_times(at: MicrosoftAccount) -> str:
    """Create with the end an hour before the start."""
    return at.post(at.event("M73", end=at.moment(hours=-1))).said


@FACTS.fact(
    "M74", "times without a zone", double="400 TimeZoneNotSupportedException", others={"201": "taken for UTC"}
)
def no_zone(at: MicrosoftAccount) -> str:
    """Create with bare times."""
    times = {
        name: {"dateTime": at.moment(hours=hours)["dateTime"]} for name, hours in (("start", 0), ("end", 1))
    }
    return at.post(at.event("M74", **times)).said


def _in_zone(at: MicrosoftAccount, about: str, zone: str) -> str:
    return at.post(at.event(about, start=at.moment(zone=zone), end=at.moment(hours=1, zone=zone))).said


@FACTS.fact("M86", "a zone that does not exist", double="400 TimeZoneNotSupportedException")
def unknown_zone(at: MicrosoftAccount) -> str:
    """Create in a zone that nobody has."""
    return _in_zone(at, "M86", "Europe/Atlantis")


@FACTS.fact("M86-windows", "a Windows zone name", double="201")
def windows_zone(at: MicrosoftAccount) -> str:
    """Create in a zone of Windows."""
    return _in_zone(at, "M86 windows", WINDOWS_ZONE)


@FACTS.fact("M86-iana", "an IANA zone name that stands for a Windows zone (Europe/Berlin)", double="201")
def iana_zone(at: MicrosoftAccount) -> str:
    """Create in a zone by its other name."""
    return _in_zone(at, "M86 iana", "Europe/Berlin")


@FACTS.fact(
    "M86-other",
    "an IANA zone name beside those (Europe/Zurich)",
    double="400 TimeZoneNotSupportedException",
    others={"201": "taken"},
)
def other_iana_zone(at: MicrosoftAccount) -> str:
    """Create in a zone that has no Windows zone of its own."""
    return _in_zone(at, "M86 other", "Europe/Zurich")


@FACTS.fact(
    "M86-wish",
    "a zone that does not exist, as a wish for the answer",
    double="400 TimeZoneNotSupportedException",
)
def unknown_zone_wished(at: MicrosoftAccount) -> str:
    """Read with that wish."""
    return at.get(at.made("M86 wish")["id"], prefer=['outlook.timezone="Europe/Atlantis"']).said


def _day(at: MicrosoftAccount, number: int, zone: str, hour: str = "00") -> Json:
    return {"dateTime": f"{at.day(number).date().isoformat()}T{hour}:00:00", "timeZone": zone}


@FACTS.fact("M80", "a whole day, read in another zone: its hour", double="00")
def whole_day_elsewhere(at: MicrosoftAccount) -> str:
    """Write in UTC, and read in another zone."""
    event = at.made("M80", isAllDay=True, start=_day(at, 0, "UTC"), end=_day(at, 1, "UTC"))
    found = needed(at.get(event["id"], prefer=['outlook.timezone="Tokyo Standard Time"']))
    return str(found["start"]["dateTime"])[11:13]


@FACTS.fact("M81", "a whole day that does not begin at midnight", double="400 ErrorPropertyValidationFailure")
def not_midnight(at: MicrosoftAccount) -> str:
    """Create one that begins at eight."""
    body = at.event("M81", isAllDay=True, start=_day(at, 0, "UTC", "08"), end=_day(at, 1, "UTC", "08"))
    return at.post(body).said


@FACTS.fact(
    "M81-zones",
    "a whole day whose start and end are in two zones",
    double="400 ErrorPropertyValidationFailure",
)
def two_zones(at: MicrosoftAccount) -> str:
    """Create one of two zones."""
    body = at.event("M81", isAllDay=True, start=_day(at, 0, "UTC"), end=_day(at, 1, WINDOWS_ZONE))
    return at.post(body).said


@FACTS.fact(
    "M83",
    "the zone that a whole day was written in, read without a wish",
    double="UTC",
    others={"named": "kept"},
)
def zone_of_a_whole_day(at: MicrosoftAccount) -> str:
    """Write in another zone than UTC."""
    event = at.made("M83", isAllDay=True, start=_day(at, 0, WINDOWS_ZONE), end=_day(at, 1, WINDOWS_ZONE))
    return "UTC" if needed(at.get(event["id"]))["start"]["timeZone"] == "UTC" else "named"


@FACTS.fact("M85", "the zone of the answer, where one was wished for", double="as wished")
def wished_zone(at: MicrosoftAccount) -> str:
    """Read with a wish."""
    found = needed(at.get(at.made("M85")["id"], prefer=[f'outlook.timezone="{WINDOWS_ZONE}"']))
    return "as wished" if found["start"]["timeZone"] == WINDOWS_ZONE else "another"


@FACTS.fact("M84", "the zone name of a zone that somebody made", double="400 TimeZoneNotSupportedException")
def custom_zone(at: MicrosoftAccount) -> str:
    """Create in the zone that Outlook shows for such events."""
    return _in_zone(at, "M84", "tzone://Microsoft/Custom")
