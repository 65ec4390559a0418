"""A client of the simulated Graph that checks every answer against Microsoft's published metadata."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import jsonschema
from werkzeug.test import Client

NOW = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
ADA, BOB, CLO = "ada@contoso.test", "bob@outlook.test", "clo@contoso.test"
ZURICH = "W. Europe Standard Time"
IMMUTABLE = 'IdType="ImmutableId"'
WINDOW = {"startDateTime": "2026-10-01T00:00:00Z", "endDateTime": "2026-11-01T00:00:00Z"}
SCHEMA = json.loads((Path(__file__).parents[3] / "local/microsoft/api/schema.json").read_text("utf-8"))
MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{7})?Z$")
CHECKER = jsonschema.FormatChecker(formats=())


@CHECKER.checks("Edm.DateTimeOffset")
def _moment(value):
    return not isinstance(value, str) or bool(MOMENT.match(value))


@CHECKER.checks("Edm.Guid")
def _guid(value):
    return not isinstance(value, str) or bool(
        re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value)
    )


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, moment=NOW):
        self.moment = moment

    def __call__(self):
        return self.moment

    def forward(self, **by):
        self.moment += timedelta(**by)


class Refused(AssertionError):
    """Raised for an answer with a status of 300 or more."""

    def __init__(self, status, body, headers):
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def code(self):
        return self.body["error"]["code"]


def kind(edm):
    """The JSON schema of a type in the metadata."""
    simple = {"Edm.Boolean": "boolean", "Edm.Int32": "integer", "Edm.Double": "number"}
    if edm.startswith("Collection("):
        return {"type": ["array", "null"], "items": kind(edm[len("Collection(") : -1])}
    if edm in simple:
        return {"type": [simple[edm], "null"]}
    if edm.startswith("Edm."):
        return {"type": ["string", "null"], "format": edm}
    name = edm.removeprefix("graph.")
    if name in SCHEMA["enums"]:
        return {"enum": [*SCHEMA["enums"][name], None]}
    if name in SCHEMA["types"]:
        return {"anyOf": [{"$ref": f"#/$defs/{name}"}, {"type": "null"}]}
    return {}


def members(name):
    """The properties of a type, inherited ones included."""
    found = SCHEMA["types"][name]
    inherited = members(found["base"]) if found.get("base") in SCHEMA["types"] else {}
    return inherited | found["properties"] | found["navigation"]


@cache
def validator(name):
    """The validator of one type: no unknown properties, documented values only."""
    defs = {}
    for each, spec in SCHEMA["types"].items():
        shape = {key: kind(value["type"]) for key, value in members(each).items()}
        for key, value in members(each).items():
            if value.get("nullable") is False and isinstance(shape[key].get("type"), list):
                shape[key] = shape[key] | {"type": shape[key]["type"][0]}
        made = {"type": "object", "properties": shape, "patternProperties": {"^@odata": {}, "@removed": {}}}
        # Events are an open type in the metadata only; what the simulator shows must be known.
        free = spec.get("open") and each not in {"event", "user"}
        defs[each] = made if free or each == "timeZoneBase" else made | {"additionalProperties": False}
    whole = {"$ref": f"#/$defs/{name}", "$defs": defs}
    return jsonschema.Draft202012Validator(whole, format_checker=CHECKER)


def expected(path):
    """The type that an address answers with."""
    parts = [part for part in urlsplit(path).path.split("/") if part and part != "v1.0"]
    last = parts[-1]
    if "subscriptions" in parts:
        return "subscription"
    if "extensions" in parts or last in {"$count", "translateExchangeIds", "supportedTimeZones"}:
        return ""
    if last == "getSchedule":
        return "scheduleInformation"
    if last == "calendar" or parts[-2:-1] == ["calendars"] or last == "calendars":
        return "calendar"
    if {"events", "calendarView"} & set(parts):
        return "event"
    return {"me": "user", "mailboxSettings": "mailboxSettings"}.get(last, "")


class Driver:
    """One account's access to Graph; a call returns the answer or raises Refused."""

    def __init__(self, simulator, token):
        self.client = Client(simulator)
        self.token = token
        self.headers = {}
        self.prefer = []

    def __call__(self, verb, path, body=None, headers=None, **query):
        target = path if path.startswith("http") else f"/v1.0{path}"
        if query:
            target += "?" + urlencode(query)
        sent = [("Authorization", f"Bearer {self.token}"), *(headers or {}).items()]
        sent += [("Prefer", each) for each in self.prefer]
        response = self.client.open(target, method=verb, json=body, headers=sent)
        self.headers = response.headers
        answer = response.get_json(silent=True)
        if response.status_code >= 300:
            raise Refused(response.status_code, answer, response.headers)
        name = expected(path)
        if name and isinstance(answer, dict):
            for each in answer.get("value", [answer]):
                validator(name).validate(each)
        return answer if answer is not None else response.get_data(as_text=True)

    def all(self, path, **query):
        """Every entry of every page, and the last page."""
        page = self("GET", path, **query)
        found = list(page["value"])
        while "@odata.nextLink" in page:
            page = self("GET", page["@odata.nextLink"])
            found += page["value"]
        return found, page

    def changes(self, link):
        """The changes since a delta link, and the next delta link."""
        found, page = self.all(link)
        return found, page["@odata.deltaLink"]


def timed(start, minutes=60, zone=ZURICH, **more):
    """The body of a timed event, from local wall time."""
    begins = datetime.fromisoformat(start)
    ends = begins + timedelta(minutes=minutes)
    return {
        "subject": "Haircut",
        "start": {"dateTime": begins.isoformat(), "timeZone": zone},
        "end": {"dateTime": ends.isoformat(), "timeZone": zone},
    } | more


def all_day(start, days=1, zone=ZURICH, **more):
    """The body of an all-day event."""
    first = datetime.fromisoformat(start)
    last = first + timedelta(days=days)
    return {
        "subject": "Holiday",
        "isAllDay": True,
        "start": {"dateTime": f"{first:%Y-%m-%d}T00:00:00", "timeZone": zone},
        "end": {"dateTime": f"{last:%Y-%m-%d}T00:00:00", "timeZone": zone},
    } | more


def recurring(pattern, first, **span):
    """A recurrence, without end unless `span` says otherwise."""
    kind_of = "numbered" if "numberOfOccurrences" in span else "endDate" if "endDate" in span else "noEnd"
    return {"pattern": {"interval": 1} | pattern, "range": {"type": kind_of, "startDate": first} | span}


def weekly(first, *days, **span):
    """A weekly recurrence on the given days."""
    return recurring({"type": "weekly", "daysOfWeek": list(days)}, first, **span)


def guest(address, **more):
    """An attendee."""
    return {"emailAddress": {"address": address, "name": address}, "type": "required"} | more


def starts(events):
    """The starts of events as Graph writes them, to the minute."""
    return [each["start"]["dateTime"][:16] for each in events]
