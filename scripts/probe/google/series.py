"""Facts about series at Google."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from scripts.probe.account import needed, title
from scripts.probe.fact import Facts, Need
from scripts.probe.google.account import STATUSES, GoogleAccount, utc, with_status
from scripts.probe.web import Json, one_of

FACTS = Facts()
SINGLE: Json = {"recurrence": None}


@FACTS.fact(
    "G34",
    "the instances of an event that is no series",
    double="400 invalid",
    others={"200 0 items": "an empty list", "200 1 items": "the event itself"},
)
def instances_of_a_single_event(at: GoogleAccount) -> str:
    """Ask for the instances of a single event."""
    return _count(at, at.made("G34")["id"])


@FACTS.fact(
    "G67",
    "a series made a single event: its instances afterwards",
    double="400 invalid",
    others={"200 0 items": "an empty list", "200 1 items": "the event itself"},
)
def instances_after_the_series(at: GoogleAccount) -> str:
    """Take the recurrence away, and ask for the instances."""
    series = at.series("G67")
    needed(at.patch(series["id"], SINGLE))
    return _count(at, series["id"])


@FACTS.fact("G67-id", "a series made a single event: its id", double="kept confirmed")
def id_after_the_series(at: GoogleAccount) -> str:
    """Take the recurrence away, and read the same id."""
    series = at.series("G67 id")
    needed(at.patch(series["id"], SINGLE))
    answer = at.get(series["id"])
    return f"kept {one_of(answer.found['status'], *STATUSES)}" if answer.good else answer.said


@FACTS.fact(
    "G67-exception",
    "a series made a single event: a date that had been changed",
    double="200 confirmed",
    others={"200 cancelled": "cancelled with the series", "404 notFound": "gone"},
)
def exception_after_the_series(at: GoogleAccount) -> str:
    """Change one date, take the recurrence away, and read the date."""
    series, changed = _with_a_changed_date(at, "G67 exception")
    needed(at.patch(series, SINGLE))
    answer = at.get(changed)
    return with_status(answer)


@FACTS.fact(
    "G67-delta",
    "a series made a single event: what the delta lists",
    double="single",
    others={"single exception cancelled": "its changed dates as cancelled"},
)
def delta_after_the_series(at: GoogleAccount) -> str:
    """Change one date, take the recurrence away, and read the changes."""
    series, changed = _with_a_changed_date(at, "G67 delta")
    token = at.sync_token()
    needed(at.patch(series, SINGLE))
    found = {each["id"]: each for each in at.changes(token, until=series)}
    parts = ["series" if found[series].get("recurrence") else "single"] if series in found else []
    parts += [f"exception {one_of(found[changed].get('status'), *STATUSES)}"] if changed in found else []
    return " ".join(parts) or "nothing"


@FACTS.fact("G61", "a series with 1200 excluded dates", double="400 invalid", others={"200": "taken"})
def many_excluded_dates(at: GoogleAccount) -> str:
    """Insert a daily series of four years with most dates excluded."""
    first = at.day()
    days = [(first + timedelta(days=number + 1)).strftime("%Y%m%dT%H%M%S") for number in range(1200)]
    excluded = f"EXDATE;TZID=Europe/Berlin:{','.join(days)}"
    return at.insert(at.event("G61", recurrence=["RRULE:FREQ=DAILY;COUNT=1400", excluded])).said


@FACTS.fact(
    "G62",
    "'this and following' by hand: the name of the new part's dates",
    Need.HANDS,
    double="base_date",
    others={"base_R_date": "named after the new part"},
)
def names_after_a_split(at: GoogleAccount) -> str:
    """Let a person change the title from the third date on."""
    base, new = _split(at, "G62")
    name = str(needed(at.instances(new["id"]))["items"][0]["id"]).removeprefix(base)
    return "base_R_date" if name.startswith("_R") else "base_date" if name.startswith("_") else "another"


@FACTS.fact(
    "G63",
    "'this and following' by hand: the end of the old part before the new start, in seconds",
    Need.HANDS,
    double="43201",
    others={"1": "a second before the new part"},
)
def end_after_a_split(at: GoogleAccount) -> str:
    """Let a person split a series, and read the old part's rule."""
    base, new = _split(at, "G63")
    rule = next(each for each in needed(at.get(base))["recurrence"] if each.startswith("RRULE"))
    until = next(
        (part[6:] for part in rule.removeprefix("RRULE:").split(";") if part.startswith("UNTIL=")), ""
    )
    if not until:
        return "count" if "COUNT=" in rule else "no end"
    start = utc(new["start"]["dateTime"])
    end = utc(f"{until[:4]}-{until[4:6]}-{until[6:8]}T{until[9:11]}:{until[11:13]}:{until[13:15]}+00:00")
    return str(int((start - end).total_seconds()))


@FACTS.fact("G64", "'this and following' by hand: the id of the new part", Need.HANDS, double="base_R")
def id_after_a_split(at: GoogleAccount) -> str:
    """Let a person split a series, and look at the new part's id."""
    base, new = _split(at, "G64")
    return "base_R" if str(new["id"]).startswith(f"{base}_R") else "another"


@FACTS.fact(
    "G65", "'this and following' by hand: extended properties of the new part", Need.HANDS, double="copied"
)
def properties_after_a_split(at: GoogleAccount) -> str:
    """Let a person split a series that has an extended property."""
    _, new = _split(at, "G65", extendedProperties={"private": {"probe": "1"}})
    return "copied" if new.get("extendedProperties", {}).get("private") == {"probe": "1"} else "lost"


def _count(at: GoogleAccount, event: str) -> str:
    answer = at.instances(event)
    return f"{answer.said} {len(answer.found['items'])} items" if answer.good else answer.said


def _with_a_changed_date(at: GoogleAccount, about: str) -> tuple[str, str]:
    series = at.series(about)
    changed = at.instance(series["id"], 1)["id"]
    needed(at.patch(changed, {"summary": title(f"{about} changed")}))
    return series["id"], changed


def _split(at: GoogleAccount, about: str, **fields: Any) -> tuple[str, Json]:
    """The id of a series that a person split, and its new part."""
    series = at.series(about, **fields)
    token = at.sync_token()
    at.act("split_series", about, at.instance(series["id"], 2)["id"])
    found = [each for each in at.changes(token) if each.get("recurrence") and each["id"] != series["id"]]
    return series["id"], found[0]
