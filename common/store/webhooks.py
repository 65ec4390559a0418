"""Stores the webhooks of tenants and the messages to them."""

from __future__ import annotations

from dataclasses import replace

from common.domain.notify import Notice
from common.domain.shared.outbox import OutboxEntry
from common.domain.webhooks import Delivery, DeliveryState, Webhook, WebhookEvent
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import notify, paths
from common.store.firestore.codec import PLAIN, TEXTS, array_of, enum_value, record
from common.store.firestore.documents import Create, Delete, Documents, Put, Query, Replace, Snapshot, Write
from common.store.notify import OUTBOX

WEBHOOK = record(
    Webhook,
    id=PLAIN,
    tenant=PLAIN,
    url=PLAIN,
    events=array_of(enum_value(WebhookEvent)),
    secrets=TEXTS,
    created_at=PLAIN,
    failing_since=PLAIN,
    disabled_at=PLAIN,
)
DELIVERY = record(
    Delivery,
    id=PLAIN,
    tenant=PLAIN,
    hook=PLAIN,
    event=enum_value(WebhookEvent),
    body=PLAIN,
    at=PLAIN,
    expires_at=PLAIN,
    state=enum_value(DeliveryState),
    attempts=PLAIN,
    round=PLAIN,
    answer=PLAIN,
    tried_at=PLAIN,
    next_at=PLAIN,
)


class Webhooks:
    """Webhooks, and the messages that were or will be sent to them."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, tenant: str, hook: str) -> Webhook:
        """Raises UnknownResource where there is none."""
        (found,) = self._documents.get([paths.hook(tenant, hook)])
        return _webhook(found)

    def of_tenant(self, tenant: str) -> tuple[Webhook, ...]:
        """All webhooks of a tenant."""
        return tuple(map(_webhook, self._documents.query(Query(paths.within(tenant, paths.HOOKS)))))

    def save(self, hook: Webhook, *, notice: Notice | None = None) -> Webhook:
        """Create (no version) or replace, together with a notice; else raises Conflict."""
        path, data = paths.hook(hook.tenant, hook.id), WEBHOOK.write(hook)
        write: Write = (
            Create(path, data) if hook.version is None else Replace(path, data, version=hook.version)
        )
        notice_writes = notify.repeatable_notice_writes(notice) if notice else ()
        try:
            document, *_ = self._documents.commit([write, *notice_writes])
        except AlreadyExists as error:
            raise Conflict("this webhook exists already") from error
        return replace(hook, version=document.version)

    def delete(self, tenant: str, hook: str) -> None:
        """Delete a webhook; its messages expire by themselves, and none of them is sent any more."""
        found = self.get(tenant, hook)
        self._documents.commit([Delete(paths.hook(tenant, hook), version=found.version)])

    def add_delivery(self, delivery: Delivery, entry: OutboxEntry) -> bool:
        """Store a new message and the outbox entry to send it; False where it was stored before."""
        create = Create(_path(delivery), DELIVERY.write(delivery))
        try:
            self._documents.commit([create, Put(paths.outbox(entry.id), OUTBOX.write(entry))])
        except AlreadyExists:
            return False
        return True

    def delivery(self, tenant: str, hook: str, delivery: str) -> Delivery:
        """Raises UnknownResource where there is none."""
        (found,) = self._documents.get([paths.delivery(tenant, hook, delivery)])
        if found.data is None:
            raise UnknownResource("there is no such message")
        return replace(DELIVERY.read(found.data), version=found.version)

    def deliveries(self, tenant: str, hook: str, *, limit: int) -> tuple[Delivery, ...]:
        """The messages to a webhook, newest first."""
        query = Query(paths.deliveries(tenant, hook), order=("-at",), limit=limit)
        return tuple(
            replace(DELIVERY.read(found.data), version=found.version)
            for found in self._documents.query(query)
        )

    def save_delivery(
        self, delivery: Delivery, *, entry: OutboxEntry | None = None, done: str | None = None
    ) -> Delivery:
        """Replace a message, together with a new outbox entry to send it or the end of the entry ``done``.

        Raises:
            Conflict: It was changed since it was read.
        """
        if delivery.version is None:
            raise Conflict("a message that was never read cannot be replaced")
        writes: list[Write] = [Replace(_path(delivery), DELIVERY.write(delivery), version=delivery.version)]
        if entry is not None:
            writes.append(Put(paths.outbox(entry.id), OUTBOX.write(entry)))
        if done is not None and (entry is None or entry.id != done):
            writes.append(Delete(paths.outbox(done)))
        document, *_ = self._documents.commit(writes)
        return replace(delivery, version=document.version)


def _path(delivery: Delivery) -> str:
    return paths.delivery(delivery.tenant, delivery.hook, delivery.id)


def _webhook(found: Snapshot) -> Webhook:
    if found.data is None:
        raise UnknownResource("there is no such webhook")
    return replace(WEBHOOK.read(found.data), version=found.version)
