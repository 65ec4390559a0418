"""Facts about reminders at Google."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts
from scripts.probe.google.account import GoogleAccount
from scripts.probe.web import Json, one_of

FACTS = Facts()
BOTH = "400 cannotUseDefaultRemindersAndSpecifyOverride"


def _overrides(*minutes: int, method: str = "popup") -> Json:
    wish = [{"method": method, "minutes": each} for each in minutes]
    return {"useDefault": False, "overrides": wish}


def _back_to_default(at: GoogleAccount, about: str, **more: object) -> str:
    event = at.made(about, reminders=_overrides(30))
    return at.patch(event["id"], {"reminders": {"useDefault": True} | more}).said


@FACTS.fact(
    "G43",
    "PATCH to the default reminder while overrides are stored",
    double=BOTH,
    others={"200": "taken"},
)
def default_alone(at: GoogleAccount) -> str:
    """Send ``useDefault`` alone."""
    return _back_to_default(at, "G43")


@FACTS.fact("G43-null", "the same with the overrides null", double="200")
def default_with_null(at: GoogleAccount) -> str:
    """Send ``useDefault``, and null for the overrides."""
    return _back_to_default(at, "G43 null", overrides=None)


@FACTS.fact("G43-empty", "the same with an empty list of overrides", double="200")
def default_with_empty(at: GoogleAccount) -> str:
    """Send ``useDefault``, and an empty list."""
    return _back_to_default(at, "G43 empty", overrides=[])


@FACTS.fact("G43-insert", "an insert with the default reminder and overrides", double=BOTH)
def both_at_once(at: GoogleAccount) -> str:
    """Insert with both."""
    return at.insert(at.event("G43", reminders=_overrides(30) | {"useDefault": True})).said


@FACTS.fact(
    "G44",
    "overrides without a word on the default",
    double=BOTH,
    others={"200": "taken"},
)
def overrides_alone(at: GoogleAccount) -> str:
    """Insert overrides alone."""
    wish = _overrides(30)
    del wish["useDefault"]
    return at.insert(at.event("G44", reminders=wish)).said


@FACTS.fact(
    "G45",
    "six overrides",
    double="400 eventRemindersCountExceedsLimit",
    others={"400 invalid": "another reason"},
)
def six_overrides(at: GoogleAccount) -> str:
    """Insert one more than five."""
    return at.insert(at.event("G45", reminders=_overrides(10, 20, 30, 40, 50, 60))).said


@FACTS.fact("G46", "a reminder of 50000 minutes", double="200 40320", others={"400 invalid": "refused"})
def long_reminder(at: GoogleAccount) -> str:
    """Insert more minutes than four weeks have."""
    answer = at.insert(at.event("G46", reminders=_overrides(50000)))
    return f"{answer.said} {_minutes(answer.found)}".strip()


@FACTS.fact(
    "G47", "a reminder by a method that does not exist", double="200", others={"400 invalid": "refused"}
)
def unknown_method(at: GoogleAccount) -> str:
    """Insert a reminder by pigeon."""
    answer = at.insert(at.event("G47", reminders=_overrides(30, method="pigeon")))
    return f"{answer.said} {_minutes(answer.found)}".strip()


@FACTS.fact(
    "G48",
    "equal overrides: the minutes that are stored",
    double="10 30",
    others={"30 10": "merged", "30 10 30": "as written"},
)
def equal_overrides(at: GoogleAccount) -> str:
    """Insert the same reminder twice."""
    return _minutes(at.made("G48", reminders=_overrides(30, 10, 30)))


@FACTS.fact(
    "G49",
    "an all-day event with the default reminder: useDefault",
    double="false",
    others={"true": "as written"},
)
def all_day_default(at: GoogleAccount) -> str:
    """Insert an all-day event, and read it."""
    event = at.made("G49", start=at.date(), end=at.date(1))
    return one_of(needed(at.get(event["id"]))["reminders"]["useDefault"])


def _minutes(event: Json) -> str:
    return " ".join(str(each["minutes"]) for each in event.get("reminders", {}).get("overrides", ()))
