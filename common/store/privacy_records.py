"""The stored forms of support grants, audit entries, feed addresses and erasures."""

from __future__ import annotations

from common.domain.erasure import Erasure, Scope, Stage
from common.domain.subscription import Shows, Subscription
from common.domain.support import Action, AuditEntry, SupportGrant
from common.store.codec import PLAIN, TEXTS, record, word

GRANT = record(
    SupportGrant,
    id=PLAIN,
    tenant=PLAIN,
    reason=PLAIN,
    granted_by=PLAIN,
    granted_at=PLAIN,
    ends_at=PLAIN,
    ticket=PLAIN,
    revoked_at=PLAIN,
    revoked_by=PLAIN,
)

AUDIT = record(
    AuditEntry,
    id=PLAIN,
    tenant=PLAIN,
    at=PLAIN,
    who=PLAIN,
    action=word(Action),
    target=PLAIN,
    reason=PLAIN,
    ticket=PLAIN,
    grant=PLAIN,
)

SUBSCRIPTION = record(
    Subscription,
    tenant=PLAIN,
    resource=PLAIN,
    shows=word(Shows),
    secret_hash=PLAIN,
    created_at=PLAIN,
    created_by=PLAIN,
)

ERASURE = record(
    Erasure,
    id=PLAIN,
    tenant=PLAIN,
    scope=word(Scope),
    subject=PLAIN,
    requested_by=PLAIN,
    started_at=PLAIN,
    stage=word(Stage),
    position=PLAIN,
    resource=PLAIN,
    connections=TEXTS,
    address=PLAIN,
    documents_erased=PLAIN,
    bookings_anonymised=PLAIN,
    connections_ended=PLAIN,
    events_erased=PLAIN,
    events_left=PLAIN,
    waiting_until=PLAIN,
    finished_at=PLAIN,
    bookings_kept=PLAIN,
)
