"""Reads what Microsoft Graph sends to a webhook: proofs of the address, and notifications in batches.

Imported by the webhook's cold start: nothing beyond the standard library and the domain.
"""

from __future__ import annotations

from common.domain.sync.push import Cause, PushNotice
from common.errors import InvalidRequest

LONGEST_CHALLENGE = 2048

# https://learn.microsoft.com/graph/change-notifications-lifecycle-events
_LIFECYCLE = {
    "reauthorizationrequired": Cause.REAUTHORIZE,
    "subscriptionremoved": Cause.REMOVED,
    "missed": Cause.MISSED,
}


def challenge(token: str) -> str:
    """The text that proves that an address is ours, exactly as it was sent.

    It is shown to nobody but Microsoft, and still holds nothing that a browser could take for a page:
    https://learn.microsoft.com/graph/change-notifications-delivery-webhooks

    Raises:
        InvalidRequest: No validation looks like this.
    """
    plain = token.isprintable() and not set(token) & set("<>")
    if not token or not plain or len(token.encode()) > LONGEST_CHALLENGE:
        raise InvalidRequest("this is no validation token", code="bad_validation_token")
    return token


def notices(body: object) -> tuple[PushNotice, ...]:
    """The messages of one request, whatever subscriptions they are of; what is no message claims nothing.

    Only ``clientState`` and the kind are read: everything else is asked of Graph, as it is then.

    Raises:
        InvalidRequest: This is no collection of notifications.
    """
    items = body.get("value") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise InvalidRequest("this is no collection of notifications", code="no_notifications")
    return tuple(_notice(item if isinstance(item, dict) else {}) for item in items)


def _notice(item: dict[str, object]) -> PushNotice:
    state = item.get("clientState")
    return PushNotice(token=state if isinstance(state, str) and state else None, cause=_cause(item))


def _cause(item: dict[str, object]) -> Cause:
    said = item.get("lifecycleEvent")
    if said is None:
        return Cause.CHANGED
    # Whatever Microsoft may say of a subscription tomorrow, something may have been missed.
    return _LIFECYCLE.get(str(said).lower(), Cause.MISSED)
