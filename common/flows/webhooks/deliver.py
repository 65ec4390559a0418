"""Delivers webhook messages: makes one for each target that wants an event, and tries until it is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.notify import Notice, NoticeKind
from common.domain.shared.outbox import OutboxKind, webhook_entry
from common.domain.shared.task_records import DeliverWebhook, NotifyConnectionChange
from common.domain.webhooks import (
    DELIVERIES_KEPT,
    LONGEST_FAILURE,
    Delivery,
    DeliveryState,
    Webhook,
    WebhookEvent,
    message_body,
    message_id,
    next_try,
    secret_context,
    signed_headers,
)
from common.errors import Conflict, Forbidden, ProviderUnavailable, RateLimited, Rejected, UnknownResource
from common.flows.shared.outbox import enqueue_entries, outbox_task
from common.ports import Ports
from common.ports.outside import WebhookResponse

# Longer than the courier waits for an answer.
LEASE = timedelta(seconds=60)
GONE = 410
REFUSED = 0


def deliver_webhook(ports: Ports, command: DeliverWebhook) -> DeliveryState | None:
    """What became of the message; None where there is nothing to deliver (any more).

    The receiver may get a message twice (the answer of the first time was lost), always under the same id.

    Raises:
        RateLimited: The same message, or one to the same failing target, is on its way at the moment.
    """
    name, _, message = command.subject.partition(".")
    try:
        hook = ports.webhooks.get(command.tenant, name)
        delivery = ports.webhooks.delivery(command.tenant, name, message)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return None
    if delivery.state is not DeliveryState.PENDING or not hook.enabled:
        return _ended(ports, command, delivery)
    now, holder = ports.clock.now(), ports.keys.token()
    if delivery.next_at is not None and delivery.next_at > now:
        return delivery.state
    # A target that fails is tried by one worker at a time: it must not keep all of them waiting.
    scope = f"hook.{hook.id if hook.failing_since else message}"
    if not ports.ledger.lease(scope, holder=holder, until=now + LEASE, now=now):
        wait = LEASE.total_seconds() / 4
        raise RateLimited("this target is being tried at the moment", code="paced", retry_after=wait)
    answer = _tried(ports, hook, delivery)
    noted = _noted(ports, command, delivery, answer)
    _judge(ports, hook, noted, answer)
    ports.ledger.release(scope, holder=holder)
    ports.log.info(
        "hook_tried", tenant=hook.tenant, hook=hook.id, status=answer.status, attempt=noted.attempts
    )
    return noted.state


def _ended(ports: Ports, command: DeliverWebhook, delivery: Delivery) -> DeliveryState:
    if delivery.state is not DeliveryState.PENDING:
        ports.ledger.done(command.entry)
        return delivery.state
    failed = replace(delivery, state=DeliveryState.FAILED, answer="disabled", next_at=None)
    return ports.webhooks.note(failed, task=None, done=command.entry).state


def _tried(ports: Ports, hook: Webhook, delivery: Delivery) -> WebhookResponse:
    context = secret_context(hook.tenant, hook.id)
    secrets = [ports.vault.reveal(sealed, context=context) for sealed in hook.secrets]
    signed = signed_headers(delivery.id, delivery.body, secrets=secrets, now=ports.clock.now())
    try:
        return ports.outbound.post(hook.url, headers=signed, body=delivery.body)
    except (Forbidden, ProviderUnavailable) as failed:
        ports.log.info("hook_unreachable", tenant=hook.tenant, hook=hook.id, code=failed.reason)
        return WebhookResponse(REFUSED)


def _noted(ports: Ports, command: DeliverWebhook, delivery: Delivery, answer: WebhookResponse) -> Delivery:
    """The message after this try, together with the promise of the next one."""
    now, attempts = ports.clock.now(), delivery.attempts + 1
    tried = replace(
        delivery, attempts=attempts, tried_at=now, answer=str(answer.status or "unreachable"), next_at=None
    )
    if answer.taken:
        done = replace(tried, state=DeliveryState.DELIVERED)
        return ports.webhooks.note(done, task=None, done=command.entry)
    again = next_try(attempts, now=now, asked=answer.retry_after)
    if again is None or answer.status == GONE:
        failed = replace(tried, state=DeliveryState.FAILED)
        ports.log.warning("hook_given_up", tenant=delivery.tenant, hook=delivery.hook, attempt=attempts)
        return ports.webhooks.note(failed, task=None, done=command.entry)
    waiting = replace(tried, next_at=again)
    promise = webhook_entry(waiting)
    noted = ports.webhooks.note(waiting, task=promise)
    ports.queue.enqueue(outbox_task(promise, bucket=f"{delivery.round}/{attempts}", not_before=again))
    return noted


def _judge(ports: Ports, hook: Webhook, delivery: Delivery, answer: WebhookResponse) -> None:
    """Remember since when a target fails; after days of it, or when it says so itself, switch it off."""
    now = ports.clock.now()
    if answer.taken:
        changed = replace(hook, failing_since=None)
    elif answer.status == GONE:
        changed = replace(hook, failing_since=hook.failing_since or now, disabled_at=now)
    else:
        since = hook.failing_since or now
        long = delivery.state is DeliveryState.FAILED and now - since >= LONGEST_FAILURE
        changed = replace(hook, failing_since=since, disabled_at=now if long else None)
    if changed == hook:
        return
    notice = None
    if changed.disabled_at is not None:
        named = f"hook-{hook.id}-{int(now.timestamp())}"
        notice = Notice(id=named, tenant=hook.tenant, kind=NoticeKind.WEBHOOK_DISABLED, at=now)
    try:
        ports.webhooks.save(changed, notice=notice)
    except Conflict:
        # Its owner is changing it, or another message has judged it already.
        return


MOST = 500


@dataclass(frozen=True, slots=True)
class ReplayDeliveries:
    """Which target's messages; without ``delivery`` all that failed, from ``since`` on."""

    tenant: str
    hook: str
    delivery: str | None = None
    since: datetime | None = None


def replay_deliveries(ports: Ports, command: ReplayDeliveries) -> int:
    """How many were queued; each keeps its id, so that a receiver that has it already can tell.

    Raises:
        UnknownResource: There is no such target or message.
        Rejected: The target is switched off.
    """
    hook = ports.webhooks.get(command.tenant, command.hook)
    if not hook.enabled:
        raise Rejected("this webhook is switched off", code="hook_disabled")
    if command.delivery is not None:
        chosen = [ports.webhooks.delivery(command.tenant, command.hook, command.delivery)]
    else:
        found = ports.webhooks.deliveries(command.tenant, command.hook, limit=MOST)
        failed = (item for item in found if item.state is DeliveryState.FAILED)
        chosen = [item for item in failed if command.since is None or item.at >= command.since]
    # The oldest first, as they happened.
    return sum(_again(ports, item) for item in reversed(chosen))


def _again(ports: Ports, delivery: Delivery) -> bool:
    fresh = replace(
        delivery,
        state=DeliveryState.PENDING,
        attempts=0,
        round=delivery.round + 1,
        next_at=ports.clock.now(),
    )
    promise = webhook_entry(fresh)
    try:
        ports.webhooks.note(fresh, task=promise)
    except Conflict:
        # It is being tried at this moment.
        return False
    ports.queue.enqueue(outbox_task(promise, bucket=f"{fresh.round}/replay"))
    return True


_EVENTS = {
    OutboxKind.CONNECTED: WebhookEvent.CONNECTION_CONNECTED,
    OutboxKind.DISCONNECTED: WebhookEvent.CONNECTION_DISCONNECTED,
}


def notify_connection_change(ports: Ports, command: NotifyConnectionChange) -> int:
    """How many targets wanted to know."""
    try:
        connection = ports.connections.get(command.tenant, command.subject)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return 0
    data = {
        "connection": connection.id,
        "resource": connection.resource,
        "provider": connection.provider.value,
    }
    count = enqueue_webhooks(ports, command.tenant, _EVENTS[command.kind], cause=command.entry, data=data)
    ports.ledger.done(command.entry)
    return count


def enqueue_webhooks(
    ports: Ports, tenant: str, event: WebhookEvent, *, cause: str, data: Mapping[str, str | int | None]
) -> int:
    """Promise a message to every target that wants this event; the same ``cause`` is one message."""
    now = ports.clock.now()
    wanting = [hook for hook in ports.webhooks.of_tenant(tenant) if hook.wants(event)]
    for hook in wanting:
        delivery = Delivery(
            id=message_id(tenant, cause, hook.id),
            tenant=tenant,
            hook=hook.id,
            event=event,
            body=message_body(event, at=now, data={"tenant": tenant, **data}),
            at=now,
            expires_at=now + DELIVERIES_KEPT,
            next_at=now,
        )
        promise = webhook_entry(delivery)
        ports.webhooks.post(delivery, promise)
        # Also where it was written before: whoever wrote it may have died before this line.
        enqueue_entries(ports, [promise])
    return len(wanting)
