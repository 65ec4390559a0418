"""Invitations, targets, messages and what was told, with every field that a test does not care about."""

from __future__ import annotations

from datetime import timedelta

from common.domain.calendar.connection import ProviderKind
from common.domain.catalogue.records import Language
from common.domain.connect.invitation import Invitation
from common.domain.notify import LastNotified, Sender
from common.domain.webhooks import Delivery, Webhook, WebhookEvent
from tests.contract.store.examples import NINE

DAY = timedelta(days=1)


def invitation(name="i", **values):
    fields = {
        "tenant": "t",
        "resource": "r",
        "address": "ann@example.org",
        "return_to": "https://example.org",
        "language": Language.GERMAN,
        "created_by": "owner-1",
        "created_at": NINE,
        "ends_at": NINE + 3 * DAY,
        "expires_at": NINE + 90 * DAY,
        "secret_hash": "hash",
        "sealed": "sealed",
        "provider": ProviderKind.GOOGLE,
    }
    return Invitation(name, **{**fields, **values})


def hook(name="h", **values):
    fields = {
        "tenant": "t",
        "url": "https://example.org/hook",
        "events": (WebhookEvent.BOOKING_CREATED,),
        "secrets": ("sealed",),
        "created_at": NINE,
    }
    return Webhook(name, **{**fields, **values})


def delivery(name="msg_1", **values):
    fields = {
        "tenant": "t",
        "hook": "h",
        "event": WebhookEvent.BOOKING_CREATED,
        "body": "{}",
        "at": NINE,
        "expires_at": NINE + 30 * DAY,
        "next_at": NINE,
    }
    return Delivery(name, **{**fields, **values})


def told(key="booking-b1", **values):
    fields = {
        "tenant": "t",
        "state": "confirmed",
        "by": Sender.SLOTBRIDGE,
        "at": NINE,
        "expires_at": NINE + 400 * DAY,
    }
    return LastNotified(key=key, **{**fields, **values})
