"""Facts about times and zones at Google."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts
from scripts.probe.google.account import GoogleAccount
from scripts.probe.web import Json

FACTS = Facts()


def _in_zone(at: GoogleAccount, zone: str) -> str:
    local = at.day().replace(tzinfo=None)
    start = {"dateTime": local.isoformat(), "timeZone": zone}
    end = {"dateTime": local.replace(hour=13).isoformat(), "timeZone": zone}
    return at.insert(at.event("zone", start=start, end=end)).said


def _zone(name: str, zone: str, about: str, double: str) -> None:
    @FACTS.fact(name, about, double=double)
    def in_zone(at: GoogleAccount) -> str:
        """Insert an event in a zone of that name."""
        return _in_zone(at, zone)


_zone("G51", "Europe/Atlantis", "a zone that does not exist", "400 invalid")
_zone("G51-2022", "Europe/Kyiv", "a zone name of 2022 (Europe/Kyiv)", "200")
_zone("G51-2025", "America/Coyhaique", "a zone name of 2025 (America/Coyhaique)", "200")
_zone("G51-factory", "Factory", "the zone name Factory", "200")
_zone("G52", "W. Europe Standard Time", "a Windows zone name", "400 invalid")


@FACTS.fact("G41", "a start with a fraction of a second", double="dropped")
def fraction(at: GoogleAccount) -> str:
    """Insert with milliseconds."""
    start = {"dateTime": at.day().replace(microsecond=123000).isoformat()}
    event = at.made("G41", start=start)
    return "kept" if "." in needed(at.get(event["id"]))["start"]["dateTime"] else "dropped"


@FACTS.fact("G53", "a series whose times name no zone", double="400 required", others={"200": "taken"})
def series_without_zone(at: GoogleAccount) -> str:
    """Insert a series with offsets alone."""
    times = {
        name: {"dateTime": at.moment(hours=hours)["dateTime"]} for name, hours in (("start", 0), ("end", 1))
    }
    return at.insert(at.event("G53", recurrence=["RRULE:FREQ=DAILY;COUNT=2"], **times)).said


@FACTS.fact(
    "G54",
    "the zone of a listed start that was written with an offset alone",
    double="present",
    others={"absent": "left out"},
)
def zone_of_a_start(at: GoogleAccount) -> str:
    """Insert a single event with offsets alone, and list it."""
    times = {
        name: {"dateTime": at.moment(hours=hours)["dateTime"]} for name, hours in (("start", 0), ("end", 1))
    }
    token = at.sync_token()
    event = at.made("G54", **times)
    found = next(each for each in at.changes(token, until=event["id"]) if each["id"] == event["id"])
    return "present" if "timeZone" in found["start"] else "absent"


@FACTS.fact("G55", "an end before the start", double="400 timeRangeEmpty")
def reversed_times(at: GoogleAccount) -> str:
    """Insert with the end an hour before the start."""
    return at.insert(at.event("G55", end=at.moment(hours=-1))).said


@FACTS.fact("G56", "an end equal to the start", double="400 timeRangeEmpty", others={"200": "taken"})
def no_length(at: GoogleAccount) -> str:
    """Insert an event without length."""
    return at.insert(at.event("G56", end=at.moment())).said


@FACTS.fact("G58", "no end", double="400 required")
def no_end(at: GoogleAccount) -> str:
    """Insert without an end."""
    body = at.event("G58")
    del body["end"]
    return at.insert(body).said


@FACTS.fact("G60", "a date as start and a time as end", double="400 invalid")
def mixed(at: GoogleAccount) -> str:
    """Insert with one of each."""
    return at.insert(at.event("G60", start=at.date())).said


@FACTS.fact("G59", "a daily series over the change of summer time: the local hours", double="12 12 12")
def over_the_change(at: GoogleAccount) -> str:
    """Insert a series over the last Sunday of March."""
    year = at.began.year + 1
    start: Json = {"dateTime": f"{year}-03-31T12:00:00", "timeZone": "Europe/Berlin"}
    end: Json = {"dateTime": f"{year}-03-31T13:00:00", "timeZone": "Europe/Berlin"}
    event = at.made("G59", start=start, end=end, recurrence=["RRULE:FREQ=WEEKLY;INTERVAL=13;COUNT=3"])
    found = needed(at.instances(event["id"], timeZone="Europe/Berlin"))["items"]
    return " ".join(each["start"]["dateTime"][11:13] for each in found)
