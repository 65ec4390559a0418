"""Tries to deliver one webhook message, and decides when to try again, or that it is enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from common.domain.hooks import (
    LONGEST_FAILURE,
    Delivery,
    DeliveryState,
    Hook,
    headers,
    next_try,
    sealed_for,
)
from common.domain.work import Notice, NoticeKind
from common.errors import Conflict, Forbidden, ProviderUnavailable, RateLimited, UnknownResource
from common.flows.steps.hooking import promise_of
from common.flows.steps.outbox import task_of
from common.ports import Answer, Ports

# Longer than the courier waits for an answer.
LEASE = timedelta(seconds=60)
GONE = 410
REFUSED = 0


@dataclass(frozen=True, slots=True)
class DeliverHook:
    """Which promise; ``subject`` names the target and the message."""

    tenant: str
    subject: str
    entry: str


def deliver_hook(ports: Ports, command: DeliverHook) -> DeliveryState | None:
    """What became of the message; None where there is nothing to deliver (any more).

    The receiver may get a message twice (the answer of the first time was lost), always under the same id.

    Raises:
        RateLimited: The same message, or one to the same failing target, is on its way at the moment.
    """
    name, _, message = command.subject.partition(".")
    try:
        hook = ports.hooks.get(command.tenant, name)
        delivery = ports.hooks.delivery(command.tenant, name, message)
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


def _ended(ports: Ports, command: DeliverHook, delivery: Delivery) -> DeliveryState:
    if delivery.state is not DeliveryState.PENDING:
        ports.ledger.done(command.entry)
        return delivery.state
    failed = replace(delivery, state=DeliveryState.FAILED, answer="disabled", next_at=None)
    return ports.hooks.note(failed, task=None, done=command.entry).state


def _tried(ports: Ports, hook: Hook, delivery: Delivery) -> Answer:
    context = sealed_for(hook.tenant, hook.id)
    secrets = [ports.vault.reveal(sealed, context=context) for sealed in hook.secrets]
    signed = headers(delivery.id, delivery.body, secrets=secrets, now=ports.clock.now())
    try:
        return ports.courier.post(hook.url, headers=signed, body=delivery.body)
    except (Forbidden, ProviderUnavailable) as failed:
        ports.log.info("hook_unreachable", tenant=hook.tenant, hook=hook.id, code=failed.reason)
        return Answer(REFUSED)


def _noted(ports: Ports, command: DeliverHook, delivery: Delivery, answer: Answer) -> Delivery:
    """The message after this try, together with the promise of the next one."""
    now, attempts = ports.clock.now(), delivery.attempts + 1
    tried = replace(
        delivery, attempts=attempts, tried_at=now, answer=str(answer.status or "unreachable"), next_at=None
    )
    if answer.taken:
        done = replace(tried, state=DeliveryState.DELIVERED)
        return ports.hooks.note(done, task=None, done=command.entry)
    again = next_try(attempts, now=now, asked=answer.retry_after)
    if again is None or answer.status == GONE:
        failed = replace(tried, state=DeliveryState.FAILED)
        ports.log.warning("hook_given_up", tenant=delivery.tenant, hook=delivery.hook, attempt=attempts)
        return ports.hooks.note(failed, task=None, done=command.entry)
    waiting = replace(tried, next_at=again)
    promise = promise_of(waiting)
    noted = ports.hooks.note(waiting, task=promise)
    ports.queue.enqueue(task_of(promise, bucket=f"{delivery.round}/{attempts}", not_before=again))
    return noted


def _judge(ports: Ports, hook: Hook, delivery: Delivery, answer: Answer) -> None:
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
        notice = Notice(id=named, tenant=hook.tenant, kind=NoticeKind.HOOK_DISABLED, at=now)
    try:
        ports.hooks.save(changed, notice=notice)
    except Conflict:
        # Its owner is changing it, or another message has judged it already.
        return
