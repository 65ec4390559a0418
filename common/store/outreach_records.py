"""The stored forms of invitations, webhook targets, their messages, and what people were told."""

from __future__ import annotations

from common.domain.account import ProviderKind
from common.domain.hooks import Delivery, DeliveryState, Hook, HookEvent
from common.domain.invitation import Invitation
from common.domain.mail_policy import Language, MailPolicy
from common.domain.mailing import Teller, Told
from common.store.codec import PLAIN, TEXTS, items, record, word

MAIL_POLICY = record(MailPolicy, customers=PLAIN, language=word(Language), owner=PLAIN, reminders=PLAIN)

INVITATION = record(
    Invitation,
    id=PLAIN,
    tenant=PLAIN,
    resource=PLAIN,
    address=PLAIN,
    return_to=PLAIN,
    language=word(Language),
    created_by=PLAIN,
    created_at=PLAIN,
    ends_at=PLAIN,
    expires_at=PLAIN,
    secret_hash=PLAIN,
    sealed=PLAIN,
    provider=word(ProviderKind),
    expected_account=PLAIN,
    sendings=PLAIN,
    sent_at=PLAIN,
    revoked_at=PLAIN,
    used_at=PLAIN,
    connection=PLAIN,
    claim=PLAIN,
    claimed_until=PLAIN,
)

HOOK = record(
    Hook,
    id=PLAIN,
    tenant=PLAIN,
    url=PLAIN,
    events=items(word(HookEvent)),
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
    event=word(HookEvent),
    body=PLAIN,
    at=PLAIN,
    expires_at=PLAIN,
    state=word(DeliveryState),
    attempts=PLAIN,
    round=PLAIN,
    answer=PLAIN,
    tried_at=PLAIN,
    next_at=PLAIN,
)

TOLD = record(
    Told, tenant=PLAIN, key=PLAIN, state=PLAIN, by=word(Teller), at=PLAIN, expires_at=PLAIN, speaker=PLAIN
)
