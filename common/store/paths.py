"""Where every document lives; an id that could leave its place is an unknown resource."""

from __future__ import annotations

from common.errors import UnknownResource

LONGEST_ID = 300

OUTBOX = "outbox"
CONSENTS = "oauth_states"
PACING = "pacing"
LEASES = "leases"
CONNECTIONS = "connections"
CALENDARS = "calendars"
INVITATIONS = "invitations"
HOOKS = "hooks"
TOLD = "told"
ISSUERS = "staff_issuers"
LIMITS = "limits"


def part(identifier: str) -> str:
    """The id itself, if it names exactly one document of its collection.

    Raises:
        UnknownResource: It is empty, too long, reserved, or would name another place.
    """
    reserved = identifier in {".", ".."} or (identifier.startswith("__") and identifier.endswith("__"))
    if not 0 < len(identifier) <= LONGEST_ID or reserved or "/" in identifier or not identifier.isprintable():
        raise UnknownResource("there is no such thing")
    return identifier


def tenant(t: str) -> str:
    """A tenant."""
    return f"tenants/{part(t)}"


def stamp(t: str) -> str:
    """Counts the changes of a tenant's settings."""
    return f"{tenant(t)}/stamps/settings"


def within(t: str, collection: str, name: str | None = None) -> str:
    """A collection of a tenant, or one document in it."""
    return f"{tenant(t)}/{collection}" if name is None else f"{tenant(t)}/{collection}/{part(name)}"


def resource(t: str, r: str) -> str:
    """A bookable resource."""
    return within(t, "resources", r)


def service(t: str, s: str) -> str:
    """A service."""
    return within(t, "services", s)


def booking(t: str, b: str) -> str:
    """A booking."""
    return within(t, "bookings", b)


def idempotency(t: str, record: str) -> str:
    """The first request under a key."""
    return within(t, "idempotency", record)


def absences(t: str, r: str) -> str:
    """All absences of a resource."""
    return f"{resource(t, r)}/absences"


def absence(t: str, r: str, a: str) -> str:
    """One absence."""
    return f"{absences(t, r)}/{part(a)}"


def agenda(t: str, r: str, of_week: str) -> str:
    """A resource's agenda of one ISO week."""
    return f"{resource(t, r)}/agenda/{part(of_week)}"


def cell(t: str, r: str, key: str) -> str:
    """One claimed 5-minute cell."""
    return f"{resource(t, r)}/cells/{part(key)}"


def place(t: str, r: str, session: str, number: int) -> str:
    """One place in a session."""
    return cell(t, r, f"{session}#{number}")


def door(t: str, r: str, session: str, start: str) -> str:
    """What stands open while a session has this start, and cannot be passed when it has not any more."""
    return cell(t, r, f"{session}@{start}")


def connection(t: str, c: str) -> str:
    """A connection."""
    return within(t, CONNECTIONS, c)


def grant(t: str, c: str) -> str:
    """A connection's encrypted grant, apart from what people may read."""
    return f"{connection(t, c)}/grants/current"


def refresh_lease(t: str, c: str) -> str:
    """Who refreshes a connection's grant at the moment."""
    return f"{connection(t, c)}/grants/refresh"


def exports(t: str, c: str) -> str:
    """All export links of a connection."""
    return f"{connection(t, c)}/exports"


def export(t: str, c: str, b: str) -> str:
    """The export link of a booking."""
    return f"{exports(t, c)}/{part(b)}"


def calendars(t: str, c: str) -> str:
    """The feeds of a connection."""
    return f"{connection(t, c)}/{CALENDARS}"


def calendar(t: str, c: str, k: str) -> str:
    """The feed of one calendar."""
    return f"{calendars(t, c)}/{part(k)}"


def requests(t: str, c: str, k: str) -> str:
    """The wake-up counter of a calendar, apart from the feed so that it never disturbs it."""
    return f"{calendar(t, c, k)}/sync/requests"


def quarantine(t: str, c: str, k: str) -> str:
    """The poison events of a calendar."""
    return f"{calendar(t, c, k)}/sync/quarantine"


def outbox(entry: str) -> str:
    """A promise."""
    return f"{OUTBOX}/{part(entry)}"


def consent(state: str) -> str:
    """A pending consent."""
    return f"{CONSENTS}/{part(state)}"


def pacing(scope: str) -> str:
    """The bucket of a limit."""
    return f"{PACING}/{part(scope)}"


def lease(scope: str) -> str:
    """Who works on something at the moment."""
    return f"{LEASES}/{part(scope)}"


def hook(t: str, h: str) -> str:
    """A webhook target."""
    return within(t, HOOKS, h)


def deliveries(t: str, h: str) -> str:
    """The messages to a webhook target."""
    return f"{hook(t, h)}/deliveries"


def delivery(t: str, h: str, d: str) -> str:
    """One message to a webhook target."""
    return f"{deliveries(t, h)}/{part(d)}"


def issuer(identifier: str) -> str:
    """An issuer that a tenant added; outside of the tenant, because a token is known by its issuer first."""
    return f"{ISSUERS}/{part(identifier)}"


def standing(t: str) -> str:
    """Whether the installation's issuers vouch for a tenant's staff."""
    return within(t, "locks", "issuers")
