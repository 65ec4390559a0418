"""Queues messages to a tenant's webhooks, delivers each, tries failed ones again, and replays them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from common.domain.calendar.connection import Connection
from common.domain.notify import NoticeKind, new_notice
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
from common.errors import (
    PACED,
    Conflict,
    Forbidden,
    ProviderUnavailable,
    RateLimited,
    Rejected,
    UnknownResource,
)
from common.flows.shared.lease import LEASE, lease
from common.flows.shared.outbox import enqueue_entries, nothing_to_do, outbox_task
from common.ports import Ports
from common.ports.machine import WebhookResponse

GONE = 410
# Stands for the HTTP status where nobody answered.
NO_ANSWER = 0
MOST_REPLAYED = 500


def enqueue_webhooks(
    ports: Ports, tenant: str, event: WebhookEvent, *, cause: str, data: Mapping[str, str | int | None]
) -> int:
    """Store and queue a message to every webhook of a tenant that wants this event; how many those are.

    Args:
        ports: The outside.
        tenant: Whose webhooks.
        event: What happened.
        cause: A name of what happened; the same cause again is the same message, and sent once.
        data: The message's content: ids and times only.
    """
    now = ports.clock.now()
    wanting = [webhook for webhook in ports.webhooks.of_tenant(tenant) if webhook.wants(event)]
    for webhook in wanting:
        delivery = Delivery(
            id=message_id(tenant, cause, webhook.id),
            tenant=tenant,
            hook=webhook.id,
            event=event,
            body=message_body(event, at=now, data={"tenant": tenant, **data}),
            at=now,
            expires_at=now + DELIVERIES_KEPT,
            next_at=now,
        )
        entry = webhook_entry(delivery)
        ports.webhooks.add_delivery(delivery, entry)
        # Also where it was stored before: that process may have died before it queued the task.
        enqueue_entries(ports, [entry])
    return len(wanting)


_CONNECTION_EVENTS = {
    OutboxKind.CONNECTED: WebhookEvent.CONNECTION_CONNECTED,
    OutboxKind.DISCONNECTED: WebhookEvent.CONNECTION_DISCONNECTED,
}


def notify_connection_change(ports: Ports, task: NotifyConnectionChange) -> int:
    """Queue the messages that a connection was connected or disconnected; how many webhooks want them."""
    try:
        data = connection_data(ports.connections.get(task.tenant, task.subject))
    except UnknownResource:
        # Its record went with its resource, and the entry says whose it was.
        entry = ports.ledger.outbox(task.entry)
        if entry is None or not entry.words:
            nothing_to_do(ports, task, why="erased")
            return 0
        data = {"connection": task.subject, **entry.words}
    event = _CONNECTION_EVENTS[task.kind]
    count = enqueue_webhooks(ports, task.tenant, event, cause=task.entry, data=data)
    ports.ledger.done(task.entry)
    return count


def connection_data(connection: Connection) -> Mapping[str, str]:
    """What a message says of the connection that it is about."""
    return {
        "connection": connection.id,
        "resource": connection.resource,
        "provider": connection.provider.value,
    }


def deliver_webhook(ports: Ports, task: DeliverWebhook) -> DeliveryState | None:
    """Try once to deliver a message; None where its webhook or the message itself is gone.

    Where the try fails, the next one is queued (after a pause that grows), or the message is given up. The
    receiver may get a message twice, where its answer was lost, but always under the same id.

    Raises:
        RateLimited: The same message, or another one to the same failing webhook, is being tried right now.
    """
    webhook_id, _, message = task.subject.partition(".")
    try:
        webhook = ports.webhooks.get(task.tenant, webhook_id)
        delivery = ports.webhooks.delivery(task.tenant, webhook_id, message)
    except UnknownResource:
        nothing_to_do(ports, task, why="webhook_removed")
        return None
    if delivery.state is not DeliveryState.PENDING:
        ports.ledger.done(task.entry)
        return delivery.state
    if not webhook.enabled:
        failed = replace(delivery, state=DeliveryState.FAILED, answer="disabled", next_at=None)
        return ports.webhooks.save_delivery(failed, done=task.entry).state
    now = ports.clock.now()
    if delivery.next_at is not None and delivery.next_at > now:
        return delivery.state
    # A webhook that fails is called by one task at a time: it must not keep all workers waiting.
    scope = f"hook.{webhook.id if webhook.failing_since else message}"
    wait = LEASE.total_seconds() / 4
    busy = RateLimited("this webhook is being called at the moment", code=PACED, retry_after=wait)
    with lease(ports, scope, busy=busy):
        answer = _call(ports, webhook, delivery)
        tried = _save_result(ports, task, delivery, answer)
        _save_health(ports, webhook, tried, answer)
    ports.log.info(
        "webhook_called",
        tenant=webhook.tenant,
        webhook=webhook.id,
        status=answer.status,
        attempt=tried.attempts,
    )
    return tried.state


def _call(ports: Ports, webhook: Webhook, delivery: Delivery) -> WebhookResponse:
    context = secret_context(webhook.tenant, webhook.id)
    secrets = [ports.vault.reveal(sealed, context=context) for sealed in webhook.secrets]
    headers = signed_headers(delivery.id, delivery.body, secrets=secrets, now=ports.clock.now())
    try:
        return ports.outbound.post(webhook.url, headers=headers, body=delivery.body)
    except (Forbidden, ProviderUnavailable) as failed:
        ports.log.info("webhook_unreachable", tenant=webhook.tenant, webhook=webhook.id, code=failed.reason)
        return WebhookResponse(NO_ANSWER)


def _save_result(ports: Ports, task: DeliverWebhook, delivery: Delivery, answer: WebhookResponse) -> Delivery:
    """Store what came of this try, and queue the next one where there is to be one."""
    now, attempts = ports.clock.now(), delivery.attempts + 1
    tried = replace(
        delivery, attempts=attempts, tried_at=now, answer=str(answer.status or "unreachable"), next_at=None
    )
    if answer.taken:
        return ports.webhooks.save_delivery(replace(tried, state=DeliveryState.DELIVERED), done=task.entry)
    next_at = next_try(attempts, now=now, asked=answer.retry_after)
    if next_at is None or answer.status == GONE:
        ports.log.warning("webhook_given_up", tenant=delivery.tenant, webhook=delivery.hook, attempt=attempts)
        return ports.webhooks.save_delivery(replace(tried, state=DeliveryState.FAILED), done=task.entry)
    waiting = replace(tried, next_at=next_at)
    entry = webhook_entry(waiting)
    saved = ports.webhooks.save_delivery(waiting, entry=entry)
    ports.queue.enqueue(outbox_task(entry, bucket=f"{delivery.round}/{attempts}", not_before=next_at))
    return saved


def _save_health(ports: Ports, webhook: Webhook, delivery: Delivery, answer: WebhookResponse) -> None:
    """Store since when a webhook fails; switch it off, with a notice, when it has failed for days.

    A webhook that answers 410 Gone is switched off at once.
    """
    now = ports.clock.now()
    if answer.taken:
        changed = replace(webhook, failing_since=None)
    elif answer.status == GONE:
        changed = replace(webhook, failing_since=webhook.failing_since or now, disabled_at=now)
    else:
        since = webhook.failing_since or now
        failed_long = delivery.state is DeliveryState.FAILED and now - since >= LONGEST_FAILURE
        changed = replace(webhook, failing_since=since, disabled_at=now if failed_long else None)
    if changed == webhook:
        return
    notice = None
    if changed.disabled_at is not None:
        notice = new_notice(
            NoticeKind.WEBHOOK_DISABLED,
            tenant=webhook.tenant,
            cause=f"{webhook.id}-{int(now.timestamp())}",
            at=now,
        )
    try:
        ports.webhooks.save(changed, notice=notice)
    except Conflict:
        # Its owner is changing it, or another message's task has just stored the same.
        return


def replay_deliveries(
    ports: Ports, *, tenant: str, webhook: str, delivery: str | None = None, since: datetime | None = None
) -> int:
    """Send messages of a webhook again, each under its old id; how many were queued.

    Args:
        ports: The outside.
        tenant: Whose webhook it is.
        webhook: Which webhook.
        delivery: One message, whatever became of it; without it all that failed.
        since: Of those that failed the ones from this moment on; None for all.

    Raises:
        UnknownResource: There is no such webhook or message.
        Rejected: The webhook is switched off.
    """
    found = ports.webhooks.get(tenant, webhook)
    if not found.enabled:
        raise Rejected("this webhook is switched off", code="hook_disabled")
    if delivery is not None:
        chosen = [ports.webhooks.delivery(tenant, webhook, delivery)]
    else:
        newest = ports.webhooks.deliveries(tenant, webhook, limit=MOST_REPLAYED)
        failed = (item for item in newest if item.state is DeliveryState.FAILED)
        chosen = [item for item in failed if since is None or item.at >= since]
    # The oldest first, as they happened.
    return sum(_replay(ports, item) for item in reversed(chosen))


def _replay(ports: Ports, delivery: Delivery) -> bool:
    """Queue a message again; False where it is being tried at this moment."""
    waiting = replace(
        delivery,
        state=DeliveryState.PENDING,
        attempts=0,
        round=delivery.round + 1,
        next_at=ports.clock.now(),
    )
    entry = webhook_entry(waiting)
    try:
        ports.webhooks.save_delivery(waiting, entry=entry)
    except Conflict:
        return False
    ports.queue.enqueue(outbox_task(entry, bucket=f"{waiting.round}/replay"))
    return True
