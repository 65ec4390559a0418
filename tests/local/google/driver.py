"""A client of the simulated Calendar API; it calls methods by name and checks answers against schemas."""

import json
import re
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import quote, urlencode

import jsonschema
from googleapiclient.discovery_cache import get_static_doc
from werkzeug.test import Client

ADA = "ada@example.test"
BOB = "bob@example.test"
NOW = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
CHECKER = jsonschema.FormatChecker(formats=())
DATE_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:\d\d)$")


@CHECKER.checks("date-time")
def _date_time(value):
    return not isinstance(value, str) or bool(DATE_TIME.match(value) and datetime.fromisoformat(value))


@CHECKER.checks("date")
def _date(value):
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value))


@CHECKER.checks("int64")
def _int64(value):
    return not isinstance(value, str) or value.isdigit()


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
    def reason(self):
        return self.body["error"]["errors"][0]["reason"]


@cache
def document():
    """Google's discovery document of the Calendar API."""
    return json.loads(get_static_doc("calendar", "v3"))


@cache
def methods():
    """Every method of the discovery document, by its short id."""
    found = {}

    def collect(node):
        for method in node.get("methods", {}).values():
            found[method["id"].removeprefix("calendar.")] = method
        for child in node.get("resources", {}).values():
            collect(child)

    collect(document())
    return found


def strict(schema):
    """Make a JSON schema of a discovery schema: no unknown fields, documented values only."""
    made = {}
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    if schema.get("type") not in {None, "any"}:
        made["type"] = schema["type"]
    if "format" in schema:
        made["format"] = schema["format"]
    words = schema.get("description", "")
    if schema.get("type") == "string" and re.search(r"(?<!the )[Pp]ossible values are", words):
        values = re.findall(r'^- "([^"]+)" - ', words, re.MULTILINE)
        made |= {"enum": values} if values else {}
    if "properties" in schema:
        made["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        made["additionalProperties"] = False
    if "additionalProperties" in schema:
        made["additionalProperties"] = strict(schema["additionalProperties"])
    if "items" in schema:
        made["items"] = strict(schema["items"])
    return made


@cache
def validator(name):
    """The validator of one named schema."""
    defs = {key: strict(deepcopy(value)) for key, value in document()["schemas"].items()}
    whole = {"$ref": f"#/$defs/{name}", "$defs": defs}
    return jsonschema.Draft202012Validator(whole, format_checker=CHECKER)


class Driver:
    """One account's access to the API; a call returns the answer or raises Refused."""

    def __init__(self, simulator, token):
        self.client = Client(simulator)
        self.token = token
        self.headers = {}

    def __call__(self, method, body=None, headers=None, **parameters):
        spec = methods()[method]
        path = spec["path"]
        query = []
        for name, value in parameters.items():
            assert name in {*spec["parameters"], "fields"}, name
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
                continue
            items = value if isinstance(value, list) else [value]
            query += [(name, str(item).lower() if isinstance(item, bool) else item) for item in items]
        target = f"/calendar/v3/{path}?{urlencode(query)}"
        sent = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        response = self.client.open(target, method=spec["httpMethod"], json=body, headers=sent)
        self.headers = response.headers
        if response.status_code >= 300:
            raise Refused(response.status_code, response.get_json(silent=True), response.headers)
        answer = response.get_json(silent=True)
        if "response" in spec:
            validator(spec["response"]["$ref"]).validate(answer)
        return answer

    def all_items(self, method, **parameters):
        """Every item of every page, and the last page."""
        items, token = [], None
        while True:
            page = self(method, **parameters, **({"pageToken": token} if token else {}))
            items += page["items"]
            token = page.get("nextPageToken")
            if not token:
                return items, page


def timed(start, minutes=60, zone="Europe/Zurich", **more):
    """The body of a timed event, from local wall time."""
    begins = datetime.fromisoformat(start)
    ends = begins + timedelta(minutes=minutes)
    return {
        "start": {"dateTime": begins.isoformat(), "timeZone": zone},
        "end": {"dateTime": ends.isoformat(), "timeZone": zone},
    } | more


def all_day(start, days=1, **more):
    """The body of an all-day event."""
    first = datetime.fromisoformat(start).date()
    last = first + timedelta(days=days)
    return {"start": {"date": first.isoformat()}, "end": {"date": last.isoformat()}} | more
