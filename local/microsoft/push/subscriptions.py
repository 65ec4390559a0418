"""Answers the methods on subscriptions: create (after validating its addresses), read, renew, delete.

https://learn.microsoft.com/graph/api/resources/subscription
Ten minutes lie between a reauthorization and a renewal:
https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

import re
import secrets
from datetime import datetime, timedelta
from urllib.parse import quote_plus, unquote, urlsplit

from local.microsoft import ids
from local.microsoft.api import schema
from local.microsoft.api.context import Context
from local.microsoft.errors import GraphError, Json, access_denied, bad_request
from local.microsoft.model import Subscription
from local.microsoft.push.delivery import RETRY_LIMIT, Delivery
from local.microsoft.state import State
from local.microsoft.times import format_timestamp, parse_parameter

SHORTEST_LIFE = timedelta(minutes=45)
REAUTHORIZE_PAUSE = timedelta(minutes=10)
LONGEST_CLIENT_STATE = 128
CHANGE_TYPES = frozenset({"created", "updated", "deleted"})
RESOURCE = re.compile(r"/?(?:me|users/([^/]+))/(?:calendars/([^/]+)/|calendar/)?events(?:\?.*)?")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Subscriptions:
    """The methods that need the delivery queue, to validate a webhook's address."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def create(self, context: Context) -> Json:
        """Answer the creation of a subscription, once its addresses have echoed their validation tokens."""
        state, body = context.state, context.body
        schema.check_body("subscription", body)
        for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
            if not body.get(name):
                raise _validation_error(
                    f"Subscription validation request failed. The property '{name}' is required."
                )
        with state.lock:
            _refuse_for_service_behind(context)
            made = self._build(context, body)
        # The lock is free while the webhook answers, so that other requests are served meanwhile.
        for address in (made.notification_url, made.lifecycle_url):
            if address:
                self._validate(context, address)
        with state.lock:
            self._refuse_duplicate(context, made)
            made.created = state.now()
            state.subscriptions[made.id] = made
            context.status = 201
            return _render(context, made)

    def _build(self, context: Context, body: Json) -> Subscription:
        if not {each.strip() for each in body["changeType"].split(",")} <= CHANGE_TYPES:
            raise _validation_error(f"Invalid changeType '{body['changeType']}'.")
        if len(body.get("clientState") or "") > LONGEST_CLIENT_STATE:
            raise _validation_error("The clientState must not be longer than 128 characters.")
        rich = bool(body.get("includeResourceData"))
        if rich and not (body.get("encryptionCertificate") and body.get("encryptionCertificateId")):
            raise _validation_error(
                "A subscription with resource data needs an encryptionCertificate and its id."
            )
        calendar, silent = self._calendar(context, body["resource"])
        made = Subscription(
            id=ids.guid("subscription", context.caller.account, context.state.serial()),
            account=context.caller.account,
            app=context.caller.app,
            calendar=calendar,
            resource=body["resource"],
            change_type=body["changeType"],
            notification_url=body["notificationUrl"],
            lifecycle_url=body.get("lifecycleNotificationUrl") or "",
            client_state=body.get("clientState") or "",
            expires=self._expiry(context, body["expirationDateTime"], rich=rich),
            immutable=context.preferences.immutable,
            rich=rich,
            silent=silent,
        )
        self._refuse_duplicate(context, made)
        return made

    def _calendar(self, context: Context, resource: str) -> tuple[str, bool]:
        """Return the calendar of a resource, and whether its changes are never notified.

        `me/events` is the default calendar; a named one works without being documented (fact M130).
        """
        found = RESOURCE.fullmatch(resource)
        if found is None:
            raise bad_request(f"Resource '{resource}' is not supported.", "ExtensionError")
        user, calendar_id = found.groups()
        account = context.account
        if user and user.lower() not in {account.email, account.oid}:
            raise access_denied()
        context.state.require_mailbox(account)
        encoded = unquote(calendar_id or "") != (calendar_id or "")
        if encoded and context.state.settings.encoded_resources == "refused":
            raise bad_request(f"Resource '{resource}' is not supported.", "ExtensionError")
        mailbox_calendar = context.state.mailbox_calendar(account.email, unquote(calendar_id or ""))
        if not mailbox_calendar.own:
            # https://learn.microsoft.com/graph/api/subscription-update: only the signed-in user's own mailbox
            raise access_denied()
        silent = encoded and context.state.settings.encoded_resources == "silent"
        return mailbox_calendar.calendar.id, silent

    def _expiry(self, context: Context, text: str, *, rich: bool) -> datetime:
        now, settings = context.state.now(), context.state.settings
        wanted = parse_parameter(text)
        longest = settings.rich_subscription_life if rich else settings.subscription_life
        if wanted <= now or wanted > now + longest:
            minutes = int(longest.total_seconds() / 60)
            message = f"Subscription expiration can only be {minutes} minutes in the future."
            raise bad_request(message, settings.long_life_code)
        # Fact M131.
        return max(wanted, now + SHORTEST_LIFE)

    def _refuse_duplicate(self, context: Context, made: Subscription) -> None:
        # https://learn.microsoft.com/graph/api/subscription-post-subscriptions: 409; seen was 201 too (M123)
        if context.state.settings.duplicate_subscriptions:
            return
        for each in _own_subscriptions(context):
            if each.calendar == made.calendar and each.kinds == made.kinds:
                message = "A subscription with the same changeType and resource already exists."
                raise GraphError(409, "Conflict", message)

    def _validate(self, context: Context, address: str) -> None:
        parts = urlsplit(address)
        local = parts.scheme == "http" and parts.hostname in LOOPBACK
        if parts.scheme != "https" and not (local and context.state.settings.allow_http_push):
            raise _validation_error("The notification URL must be an https address.")
        # https://learn.microsoft.com/graph/change-notifications-delivery-webhooks (M126); blanks are + (M127)
        token = f"Validation: Testing client application reachability for {secrets.token_urlsafe(12)} : 100%"
        joint = "&" if parts.query else "?"
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": "0"}
        target = f"{address}{joint}validationToken={quote_plus(token)}"
        reply = self._delivery.send(target, headers, b"")
        kind = reply.content_type.partition(";")[0].strip().lower()
        if reply.status == 0 or reply.seconds > RETRY_LIMIT:
            raise _validation_error("Subscription validation request timed out.")
        if reply.status != 200 or kind != "text/plain" or reply.text != token:
            raise bad_request(
                f"Subscription validation request failed. Response must exactly match validationToken query "
                f"parameter. HTTP status code was '{reply.status}'.",
                context.state.settings.validation_code,
            )

    def renew(self, context: Context) -> Json:
        """Answer a later expiry or another address; 404 for a subscription that has ended or expired."""
        state, body = context.state, context.body
        if not body or set(body) - {"expirationDateTime", "notificationUrl"}:
            raise _validation_error("Only expirationDateTime and notificationUrl can be changed.")
        schema.check_body("subscription", body)
        with state.lock:
            _refuse_for_service_behind(context)
            found = _own_subscription(context)
            status, since = state.settings.renew_after_reauthorize, found.reauthorized
            if status and since is not None and state.now() - since < REAUTHORIZE_PAUSE:
                message = "The subscription was reauthorized less than ten minutes ago."
                raise GraphError(status, "Forbidden", message)
            wanted = body.get("expirationDateTime")
            expires = self._expiry(context, wanted, rich=found.rich) if wanted else found.expires
        if body.get("notificationUrl"):
            self._validate(context, body["notificationUrl"])
        with state.lock:
            found.notification_url = body.get("notificationUrl") or found.notification_url
            found.expires, found.paused = expires, False
            return _render(context, found)

    def reauthorize(self, context: Context) -> None:
        """Answer a reauthorization: notifications are sent again."""
        found = _own_subscription(context)
        found.paused = False
        found.reauthorized = context.state.now()
        context.status = 204


def _refuse_for_service_behind(context: Context) -> None:
    """Refuse with what the service behind the subscriptions says (setting `extension_error`, fact M121)."""
    status = context.state.settings.extension_error
    if status:
        raise GraphError(status, "ExtensionError", f"Operation: Create; Exception: [Status Code: {status}]")


def _validation_error(message: str) -> GraphError:
    return GraphError(400, "ValidationError", message)


def vanished(each: Subscription, state: State) -> bool:
    """Whether a subscription ended before its time without a word (fact M137)."""
    life = state.settings.subscription_vanishes_after
    return life is not None and each.created is not None and state.now() - each.created > life


def _own_subscriptions(context: Context) -> list[Subscription]:
    now = context.state.now()
    return [
        each
        for each in context.state.subscriptions.values()
        if (each.account, each.app) == (context.caller.account, context.caller.app)
        and not each.removed
        and not vanished(each, context.state)
        and each.expires > now
    ]


def _own_subscription(context: Context) -> Subscription:
    for each in _own_subscriptions(context):
        if each.id == context.path_target.other:
            return each
    raise GraphError(404, "ResourceNotFound", "The object was not found.")


def _render(context: Context, found: Subscription) -> Json:
    return {
        "@odata.context": f"{context.base}/$metadata#subscriptions/$entity",
        "id": found.id,
        "resource": found.resource,
        "applicationId": found.app,
        "changeType": found.change_type,
        "clientState": found.client_state or None,
        "notificationUrl": found.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": found.lifecycle_url or None,
        "expirationDateTime": format_timestamp(found.expires),
        "creatorId": context.account.oid,
        "includeResourceData": found.rich or None,
        "latestSupportedTlsVersion": "v1_2",
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }


def get(context: Context) -> Json:
    """Answer one of the caller's subscriptions."""
    return _render(context, _own_subscription(context))


def list_own(context: Context) -> Json:
    """Answer the caller's subscriptions, without their clientState (fact M125), or none of them (M124)."""
    hidden = context.state.settings.hidden_subscriptions
    held = [] if hidden else _own_subscriptions(context)
    shown = [_render(context, each) | {"clientState": None} for each in held]
    for each in shown:
        del each["@odata.context"]
    return {"@odata.context": f"{context.base}/$metadata#subscriptions", "value": shown}


def delete(context: Context) -> None:
    """Answer the deletion of a subscription."""
    _own_subscription(context).removed = True
    context.status = 204
