"""The path of every stored document; an id that could lead to another place is an unknown resource."""

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
NOTIFIED = "told"
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


def tenant(tenant_id: str) -> str:
    """A tenant's own record; everything else of a tenant is below it."""
    return f"tenants/{part(tenant_id)}"


def settings_version(tenant_id: str) -> str:
    """The document whose version changes whenever a setting of the tenant does."""
    return f"{tenant(tenant_id)}/stamps/settings"


def within(tenant_id: str, collection: str, name: str | None = None) -> str:
    """A collection of a tenant, or one document in it."""
    return (
        f"{tenant(tenant_id)}/{collection}"
        if name is None
        else f"{tenant(tenant_id)}/{collection}/{part(name)}"
    )


def resource(tenant_id: str, resource_id: str) -> str:
    """A bookable resource."""
    return within(tenant_id, "resources", resource_id)


def service(tenant_id: str, service_id: str) -> str:
    """A service."""
    return within(tenant_id, "services", service_id)


def booking(tenant_id: str, booking_id: str) -> str:
    """A booking."""
    return within(tenant_id, "bookings", booking_id)


def idempotency(tenant_id: str, record: str) -> str:
    """The first request under an idempotency key."""
    return within(tenant_id, "idempotency", record)


def absences(tenant_id: str, resource_id: str) -> str:
    """All absences of a resource."""
    return f"{resource(tenant_id, resource_id)}/absences"


def absence(tenant_id: str, resource_id: str, absence_id: str) -> str:
    """One absence."""
    return f"{absences(tenant_id, resource_id)}/{part(absence_id)}"


def agenda(tenant_id: str, resource_id: str, of_week: str) -> str:
    """A resource's agenda of one ISO week."""
    return f"{resource(tenant_id, resource_id)}/agenda/{part(of_week)}"


def cell(tenant_id: str, resource_id: str, key: str) -> str:
    """One claimed cell: five minutes of a resource, which one booking can have."""
    return f"{resource(tenant_id, resource_id)}/cells/{part(key)}"


def place(tenant_id: str, resource_id: str, session: str, number: int) -> str:
    """One place in a session (an appointment that several customers share)."""
    return cell(tenant_id, resource_id, f"{session}#{number}")


def session_start(tenant_id: str, resource_id: str, session: str, start: str) -> str:
    """Exists while a session has this start; who joins at a start that it has no more fails in the commit."""
    return cell(tenant_id, resource_id, f"{session}@{start}")


def connection(tenant_id: str, connection_id: str) -> str:
    """A connection."""
    return within(tenant_id, CONNECTIONS, connection_id)


def grant(tenant_id: str, connection_id: str) -> str:
    """A connection's encrypted OAuth grant, apart from what people may read."""
    return f"{connection(tenant_id, connection_id)}/grants/current"


def refresh_lease(tenant_id: str, connection_id: str) -> str:
    """The lease of whoever refreshes a connection's grant at the moment."""
    return f"{connection(tenant_id, connection_id)}/grants/refresh"


def exports(tenant_id: str, connection_id: str) -> str:
    """All export links of a connection."""
    return f"{connection(tenant_id, connection_id)}/exports"


def export(tenant_id: str, connection_id: str, booking_id: str) -> str:
    """The export link of a booking."""
    return f"{exports(tenant_id, connection_id)}/{part(booking_id)}"


def calendars(tenant_id: str, connection_id: str) -> str:
    """The synchronisation states of all calendars of a connection."""
    return f"{connection(tenant_id, connection_id)}/{CALENDARS}"


def calendar(tenant_id: str, connection_id: str, calendar_key: str) -> str:
    """The synchronisation state of one calendar."""
    return f"{calendars(tenant_id, connection_id)}/{part(calendar_key)}"


def sync_requests(tenant_id: str, connection_id: str, calendar_key: str) -> str:
    """The counter of a calendar's sync requests, apart from its state so that counting never meets a save."""
    return f"{calendar(tenant_id, connection_id, calendar_key)}/sync/requests"


def quarantine(tenant_id: str, connection_id: str, calendar_key: str) -> str:
    """The events of a calendar that could not be processed."""
    return f"{calendar(tenant_id, connection_id, calendar_key)}/sync/quarantine"


def outbox(entry: str) -> str:
    """An outbox entry: work that a commit demands."""
    return f"{OUTBOX}/{part(entry)}"


def consent(state: str) -> str:
    """A pending consent."""
    return f"{CONSENTS}/{part(state)}"


def pacing(scope: str) -> str:
    """How much of a provider's limit is used."""
    return f"{PACING}/{part(scope)}"


def lease(scope: str) -> str:
    """The lease of whoever works on something at the moment."""
    return f"{LEASES}/{part(scope)}"


def hook(tenant_id: str, webhook_id: str) -> str:
    """A webhook of a tenant."""
    return within(tenant_id, HOOKS, webhook_id)


def deliveries(tenant_id: str, webhook_id: str) -> str:
    """The messages to a webhook."""
    return f"{hook(tenant_id, webhook_id)}/deliveries"


def delivery(tenant_id: str, webhook_id: str, delivery_id: str) -> str:
    """One message to a webhook."""
    return f"{deliveries(tenant_id, webhook_id)}/{part(delivery_id)}"


def issuer(identifier: str) -> str:
    """An issuer that a tenant added; outside of the tenant, because a token is known by its issuer first."""
    return f"{ISSUERS}/{part(identifier)}"


def installation_issuers(tenant_id: str) -> str:
    """Whether the installation's issuers vouch for a tenant's staff."""
    return within(tenant_id, "locks", "issuers")
