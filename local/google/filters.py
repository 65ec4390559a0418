"""Decides whether an event answers a listing's filters: type, iCalUID, text and extended properties."""

from local.google.errors import Json, bad_request
from local.google.model import Stored


def matches(event: Stored, query: Json) -> bool:
    """Whether an event passes every filter of a query."""
    body = event.body
    types = query.get("eventTypes")
    if types and body.get("eventType", "default") not in types:
        return False
    if "iCalUID" in query and body.get("iCalUID") != query["iCalUID"]:
        return False
    if "q" in query and not _mentions(body, query["q"]):
        return False
    return _has_properties(body, query)


def _mentions(body: Json, text: str) -> bool:
    guests = [
        str(guest.get(name, "")) for guest in body.get("attendees", ()) for name in ("email", "displayName")
    ]
    words = [str(body.get(name, "")) for name in ("summary", "description", "location")] + guests
    return text.lower() in " ".join(words).lower()


def _has_properties(body: Json, query: Json) -> bool:
    held = body.get("extendedProperties", {})
    for parameter, kind in (("privateExtendedProperty", "private"), ("sharedExtendedProperty", "shared")):
        for constraint in query.get(parameter, ()):
            name, equals, value = constraint.partition("=")
            if not equals:
                raise bad_request()
            if held.get(kind, {}).get(name) != value:
                return False
    return True
