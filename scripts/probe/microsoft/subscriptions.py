"""Facts about subscriptions; the given address has to answer Graph's question as documented.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from scripts.probe.account import needed
from scripts.probe.fact import Facts, Need
from scripts.probe.microsoft.account import MicrosoftAccount
from scripts.probe.web import Answer, Json

FACTS = Facts()


def _subscribe(at: MicrosoftAccount, *, calendar: str = "", minutes: int = 60, **more: Any) -> Answer:
    """Subscribe to a calendar of the probe, and remove the subscription at the end."""
    now = datetime.now(at.began.tzinfo)
    body: Json = {
        "changeType": "created,updated,deleted",
        "notificationUrl": at.push_address,
        "resource": f"me/calendars/{calendar or at.calendar}/events",
        "expirationDateTime": (now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "clientState": "probe",
    }
    answer = at.call("POST", "subscriptions", body | more)
    if answer.good:
        at.undo.callback(_remove, at, str(answer.found["id"]))
    return answer


def _remove(at: MicrosoftAccount, subscription: str) -> Answer:
    return at.call("DELETE", f"subscriptions/{subscription}")


def _alone(at: MicrosoftAccount, **more: Any) -> Json:
    """A subscription that is removed at once, as another for the same calendar may be refused."""
    found = needed(_subscribe(at, **more))
    _remove(at, str(found["id"]))
    return found


def _minutes(found: Json, at: MicrosoftAccount) -> int:
    end = datetime.fromisoformat(str(found["expirationDateTime"])[:19]).replace(tzinfo=at.began.tzinfo)
    return round((end - datetime.now(at.began.tzinfo)).total_seconds() / 60)


@FACTS.fact("M130", "a subscription on the events of a named calendar", Need.PUSH, double="201")
def named_calendar(at: MicrosoftAccount) -> str:
    """Subscribe."""
    answer = _subscribe(at)
    if answer.good:
        _remove(at, str(answer.found["id"]))
    return answer.said


@FACTS.fact("M119", "a subscription of 10000 minutes", Need.PUSH, double="201")
def longest_life(at: MicrosoftAccount) -> str:
    """Ask for what the product asks for."""
    answer = _subscribe(at, minutes=10_000)
    if answer.good:
        _remove(at, str(answer.found["id"]))
    return answer.said


@FACTS.fact(
    "M120",
    "a subscription of 20000 minutes",
    Need.PUSH,
    double="400 ValidationError",
    others={"400 ExtensionError": "the older reason"},
)
def too_long_a_life(at: MicrosoftAccount) -> str:
    """Ask for more than a week."""
    return _subscribe(at, minutes=20_000).said


@FACTS.fact("M131", "a subscription of 10 minutes: how many it gets", Need.PUSH, double="45")
def short_life(at: MicrosoftAccount) -> str:
    """Ask for less than is given."""
    return str(_minutes(_alone(at, minutes=10), at))


@FACTS.fact("M121", "a subscription on something that is no resource", Need.PUSH, double="400 ExtensionError")
def no_resource(at: MicrosoftAccount) -> str:
    """Subscribe to a word."""
    return _subscribe(at, resource="me/slotbridge-probe").said


@FACTS.fact(
    "M123",
    "a second subscription on the same calendar",
    Need.PUSH,
    double="409 Conflict",
    others={"201": "taken, and everything is told twice"},
)
def second_one(at: MicrosoftAccount) -> str:
    """Subscribe twice."""
    first = needed(_subscribe(at))
    answer = _subscribe(at)
    for each in (first, answer.found):
        if "id" in each:
            _remove(at, str(each["id"]))
    return answer.said


@FACTS.fact(
    "M124",
    "GET /subscriptions, where there is one",
    Need.PUSH,
    double="listed",
    others={"empty": "not listed"},
)
def listed(at: MicrosoftAccount) -> str:
    """Subscribe, and list."""
    first = needed(_subscribe(at))
    found = at.pages(at.call("GET", "subscriptions"))
    _remove(at, str(first["id"]))
    return "listed" if any(each["id"] == first["id"] for each in found) else "empty"


@FACTS.fact("M125", "the clientState in GET /subscriptions", Need.PUSH, double="hidden")
def client_state(at: MicrosoftAccount) -> str:
    """Subscribe, and list."""
    first = needed(_subscribe(at))
    found = at.pages(at.call("GET", "subscriptions"))
    _remove(at, str(first["id"]))
    own = [each for each in found if each["id"] == first["id"]]
    return "hidden" if own and not own[0].get("clientState") else "shown" if own else "empty"


@FACTS.fact(
    "M126",
    "a subscription whose address is without TLS",
    Need.PUSH,
    double="400 ValidationError",
    others={"400 InvalidRequest": "the older reason"},
)
def without_tls(at: MicrosoftAccount) -> str:
    """Name an http address of a domain that nobody can have."""
    return _subscribe(at, notificationUrl="http://example.invalid/").said


@FACTS.fact("M136", "a change of a subscription that was removed", Need.PUSH, double="404 ResourceNotFound")
def gone(at: MicrosoftAccount) -> str:
    """Renew what is no longer there."""
    found = _alone(at)
    end = {"expirationDateTime": found["expirationDateTime"]}
    return at.call("PATCH", f"subscriptions/{found['id']}", end).said


@FACTS.fact(
    "M121-gone",
    "a subscription on a calendar id that is none",
    Need.PUSH,
    double="404 ErrorItemNotFound",
    others={"400 ExtensionError": "wrapped", "404 ExtensionError": "wrapped"},
)
def unknown_calendar(at: MicrosoftAccount) -> str:
    """Subscribe to a calendar that never was."""
    return _subscribe(at, calendar="slotbridge-probe").said
