"""Every code of a problem (RFC 9457) with its status and meaning, and which codes a route can answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from common.api.handler import ANONYMOUS, BROWSERS, METHODS_WITHOUT_EFFECT
from common.api.http import PROBLEM, Access, problem
from common.api.rate_limiter import WRITES
from common.api.routes import Route
from openapi.operation import Operation

# A test compares this with the list in docs/api.md.
CODES: Mapping[str, tuple[int, str]] = {
    "invalid_request": (400, "The request cannot be understood as it is."),
    "invalid_fields": (400, "Some fields are not acceptable; `errors` names each."),
    "malformed_json": (400, "The body is not JSON, names a field twice or is nested too deeply."),
    "invalid_idempotency_key": (400, "An Idempotency-Key has 8 to 255 printable ASCII characters."),
    "invalid_version": (400, "If-Match is not a version."),
    "invalid_page_token": (400, "The page token is not one of this list and query."),
    "longer_than_a_booking": (400, "No booking can take that much time."),
    "naive_time": (400, "A time came without its offset."),
    "unknown_zone": (400, "There is no such IANA time zone."),
    "window": (400, "The window's end does not come after its start, or is no date."),
    "window_too_long": (400, "The window is too long for one call."),
    "empty_window": (400, "The window's end does not come after its start."),
    "past": (400, "The booking, or the wanted time, is past."),
    "not_offered": (400, "The service is not offered here."),
    "inactive": (400, "This cannot be booked at the moment."),
    "notice": (400, "The time is too soon."),
    "horizon": (400, "The time is too far ahead."),
    "outside_window": (400, "The time is outside the window."),
    "outside_availability": (400, "The time is outside the bookable hours."),
    "off_grid": (400, "The time is not on the booking interval."),
    "too_many_seats": (400, "The service has not so many seats."),
    "hold_used": (400, "The hold became a booking before."),
    "hold_mismatch": (400, "The hold is for another time."),
    "booking_mismatch": (400, "The booking is of another service or resource."),
    "cancelled": (400, "A cancelled booking cannot be moved."),
    "unknown_resource": (400, "The service names a resource that does not exist."),
    "unknown_return_address": (400, "The return address is not one that the tenant registered."),
    "unknown_provider": (400, "This provider is not offered here."),
    "no_provider": (400, "A provider has to be chosen."),
    "other_provider": (400, "The invitation is for another provider."),
    "no_address": (400, "The resource has no e-mail address that can be mailed to."),
    "mail_not_configured": (400, "This installation sends no mail."),
    "too_long": (400, "An invitation lives for 72 hours at most."),
    "nothing_held": (400, "Nothing is held in this calendar."),
    "unknown_calendar": (400, "There is no such calendar, or it is not followed."),
    "dedicated_calendar": (400, "This calendar holds only exported bookings."),
    "calendar_not_writable": (400, "This calendar cannot be written to."),
    "invalid_settings": (400, "The settings cannot be combined or left empty like this."),
    "invalid_reminder": (400, "A reminder is too early or negative."),
    "unknown_placeholder": (400, "A template has a word in braces that is not known."),
    "template_too_long": (400, "A template is too long."),
    "grant_too_long": (400, "A support grant lasts for seven days at most."),
    "not_confirmed": (400, "`confirm` does not repeat what shall be erased."),
    "forbidden_target": (400, "The address is not one on the public internet that is called."),
    "unknown_target": (400, "The address cannot be found."),
    "invalid_issuer": (400, "This is no issuer's address, or its configuration names another issuer."),
    "issuer_unreachable": (400, "The issuer's configuration or keys cannot be fetched."),
    "proof_refused": (400, "The proof is not an owner's token under just this configuration."),
    "store_refused": (400, "The database does not take this; mostly it is too large."),
    "bad_validation_token": (400, "The validation token is not one that is repeated."),
    "no_notifications": (400, "The body holds no notifications."),
    "unauthenticated": (401, "A bearer token is missing, or not valid."),
    "token_expired": (401, "The token has ended; fetch a new one."),
    "no_role": (403, "The token names no tenant or no known role."),
    "foreign_tenant": (403, "The token's issuer does not vouch for that tenant."),
    "tenant_mismatch": (403, "The token is of another tenant than the query's `tenant`."),
    "role_not_trusted": (403, "The token's issuer does not vouch for support."),
    "issuer_not_accepted": (403, "This tenant's staff comes from its own issuer."),
    "role_not_allowed": (403, "This role may not do that."),
    "origin_not_allowed": (403, "Pages of this origin may not call."),
    "not_your_resource": (403, "Staff book for their own resources."),
    "read_only": (403, "Imported events are changed in the external calendar alone."),
    "support_locked": (403, "The tenant locks support out."),
    "no_support_grant": (403, "There is no active support grant."),
    "not_found": (404, "There is no such thing, or it is not yours."),
    "unknown_route": (404, "There is no such route."),
    "invitation_invalid": (404, "The invitation is unknown, used, revoked or expired, or its secret wrong."),
    "no_proposal": (404, "Nothing is proposed for this booking (any more)."),
    "no_receipt": (404, "Nothing was disconnected yet."),
    "method_not_allowed": (405, "The path has no such method."),
    "conflict": (409, "Somebody else changes the same thing at this moment; try again."),
    "slot_taken": (409, "The time is not free (any more)."),
    "busy_connection": (409, "The connection is being changed too often at the moment; try again."),
    "busy_calendar": (409, "The calendar is being synchronised; try again."),
    "reauth_required": (409, "The calendar's owner has to connect it anew first."),
    "disconnecting": (409, "The connection is being taken apart."),
    "disconnected": (409, "The connection has ended."),
    "other_connection": (409, "The connection belongs to something else."),
    "still_active": (409, "Switch it off first, so that nobody books it now."),
    "has_bookings": (409, "It was booked (a service), or is booked in the future (a resource)."),
    "has_connections": (409, "Its calendars have to be disconnected first."),
    "offered_by_services": (409, "Services still name it."),
    "sync_running": (409, "A synchronisation is under way."),
    "sync_done": (409, "There is nothing left to cancel."),
    "no_sync": (409, "The first synchronisation was not started yet."),
    "invitations_changed": (409, "The number of invitations is another one by now."),
    "invitation_ended": (409, "The invitation has ended; make a new one."),
    "sent_too_often": (409, "The invitation was sent often enough; make a new one."),
    "hook_disabled": (409, "The webhook is switched off."),
    "too_many_hooks": (409, "The tenant has as many webhooks as it can have."),
    "issuer_taken": (409, "The issuer and audience vouch for somebody else already."),
    "too_many_issuers": (409, "The tenant has as many issuers as it can have."),
    "would_lock_out": (409, "The caller could not come back; come with a token of an issuer that stays."),
    "grant_revoked": (409, "The provider says that the permission was withdrawn."),
    "no_grant": (409, "There is no permission any more."),
    "calendar_gone": (409, "The calendar does not exist any more."),
    "forbidden": (409, "The account may not do that in the calendar."),
    "scope_missing": (409, "The owner did not permit this; a new consent is needed first."),
    "already_exists": (412, "There is such a record already."),
    "stale_version": (412, "It was changed meanwhile; read it again first."),
    "precondition_required": (428, "Replacing a record needs If-Match with the version that was seen."),
    "too_large": (413, "The body is too large."),
    "unsupported_media_type": (415, "The body must be application/json."),
    "rate_limited_address": (429, "Too many requests of this address; come back after Retry-After."),
    "rate_limited_tenant": (429, "Too many changes at this tenant; come back after Retry-After."),
    "rate_limited_contact": (429, "Too many changes for this contact; come back after Retry-After."),
    "idempotency_key_reused": (422, "The Idempotency-Key was used with another request."),
    "internal_error": (500, "Something went wrong here; it was logged."),
    "operator_fault": (500, "Something is wrong with the installation; it was logged."),
    "store_setup": (500, "The database is not set up; it was logged."),
    "unexpected_reply": (502, "The provider broke its contract."),
    "unreadable_reply": (502, "The provider's answer cannot be read."),
    "endless_pages": (502, "The provider's answer has no end."),
    "misconfigured": (503, "A setting is missing; it was logged."),
    "store_unavailable": (503, "The database does not answer; try again."),
    "unreadable_document": (503, "A record was written by a newer release; try again."),
    "queue_unavailable": (503, "The task queue does not answer; try again."),
    "issuer_unavailable": (503, "The token issuer's keys cannot be fetched now; try again."),
    "provider_unavailable": (503, "The provider does not answer; try again."),
    "unauthorized": (503, "The provider refuses our tokens at the moment; try again later."),
    "mailbox_unsupported": (503, "The account has no mailbox at the moment; try again later."),
    "rate_limited": (503, "A provider's limit is used up; try again after Retry-After."),
    "paced": (503, "The limit's share of this work is used up; try again after Retry-After."),
    "refresh_in_progress": (503, "The permission is being renewed at this moment; try again."),
    "grant_replaced": (503, "The permission was replaced meanwhile; try again."),
    "usage_exhausted": (503, "The installation's own limit at the provider is used up."),
    "too_many_invitations": (503, "Too many invitations at once; try again after Retry-After."),
    "availability_unknown": (503, "A calendar that matters cannot be asked, so the time is not sold."),
    "unknown_schema": (503, "The task was written by a newer release."),
    "unreadable_task": (502, "The task's payload cannot be read."),
}

# Of every route that calls a provider while the caller waits.
PROVIDER = (
    *("grant_revoked", "no_grant", "calendar_gone", "forbidden", "scope_missing", "operator_fault"),
    *("unauthorized", "mailbox_unsupported"),
    *("unexpected_reply", "unreadable_reply", "endless_pages"),
    *("provider_unavailable", "rate_limited", "paced", "refresh_in_progress", "grant_replaced"),
    "usage_exhausted",
)
# Of every route that needs a working connection.
USABLE = ("reauth_required", "disconnecting", "disconnected")
ALWAYS = (
    *("invalid_request", "too_large", "internal_error", "store_setup", "misconfigured", "store_unavailable"),
    "unreadable_document",
)
CHANGING = ("conflict", "queue_unavailable", "store_refused")
TOKEN = ("unauthenticated", "token_expired", "issuer_unavailable")
STAFF = (
    *(*TOKEN, "no_role", "role_not_allowed"),
    *("foreign_tenant", "tenant_mismatch", "role_not_trusted", "issuer_not_accepted"),
)
LIMITED = ("rate_limited_address", "rate_limited_tenant", "rate_limited_contact")
ACCESS: Mapping[Access, tuple[str, ...]] = {
    Access.PUBLIC: (),
    Access.STAFF: STAFF,
    Access.CUSTOMER_OR_STAFF: STAFF,
    Access.TASK: TOKEN,
    Access.SCHEDULER: TOKEN,
    Access.PROVIDER: (),
}


def codes(route: Route, operation: Operation) -> tuple[str, ...]:
    """All codes that a route may answer with: its own, and those that follow from the route."""
    found = [*ALWAYS, *ACCESS[route.access], *operation.errors]
    if route.body:
        found += ["malformed_json", "invalid_fields", "unsupported_media_type"]
    if operation.query is not None:
        found.append("invalid_fields")
    if route.access in BROWSERS:
        found.append("rate_limited_address")
    if route.access in ANONYMOUS and route.method in WRITES:
        found += LIMITED
    if "<" in route.path:
        found.append("not_found")
    if route.method not in METHODS_WITHOUT_EFFECT:
        found += [*CHANGING, *(["origin_not_allowed"] if route.access in BROWSERS else [])]
    unknown = set(found) - set(CODES)
    if unknown:
        message = f"{operation.id} names codes that are not in the table: {sorted(unknown)}"
        raise LookupError(message)
    return tuple(sorted(set(found), key=list(CODES).index))


def by_status(found: Iterable[str]) -> dict[int, tuple[str, ...]]:
    """The codes grouped by status."""
    grouped: dict[int, list[str]] = {}
    for code in found:
        grouped.setdefault(CODES[code][0], []).append(code)
    return {status: tuple(grouped[status]) for status in sorted(grouped)}


def name(status: int, found: Iterable[str]) -> str:
    """The name of an answer that several operations share."""
    return ".".join((str(status), *found))


def answer(status: int, found: tuple[str, ...]) -> dict[str, Any]:
    """The OpenAPI answer for some codes of one status."""
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "type": "object",
        "required": ["code"],
        "properties": {"code": {"enum": list(found)}},
    }
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in found}
    answered: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM: {"schema": schema, "examples": examples}},
    }
    headers = {401: "WWW-Authenticate", 503: "Retry-After", 429: "Retry-After"}
    if status in headers:
        answered["headers"] = {headers[status]: {"schema": {"type": "string"}}}
    return answered


def example(code: str) -> dict[str, Any]:
    """The example of a problem with this code."""
    status, meaning = CODES[code]
    listed = [{"field": "name", "message": "Field required"}] if code == "invalid_fields" else None
    detail = meaning[0].lower() + meaning[1:].rstrip(".")
    return {"summary": meaning, "value": problem(status, code, detail, errors=listed).body}


SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "An RFC 9457 problem. `code` is stable; texts are for people and may change.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "pattern": "^urn:slotbridge:problem:[a-z_]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z_]+$"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
