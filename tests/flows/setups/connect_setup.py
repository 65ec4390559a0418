"""The consent at Google, from its beginning to its outcome."""

from __future__ import annotations

from common.domain.calendar.connection import ProviderKind
from common.flows.connect.consent import start_consent
from tests.world import ACCOUNT, RETURN_TO

OTHER = "bea@example.com"


def begin(world, **fields):
    """The address of the consent page."""
    command = {
        "tenant": world.tenant,
        "resource": "anna",
        "provider": ProviderKind.GOOGLE,
        "subject": "staff-1",
        "return_to": RETURN_TO,
    }
    return start_consent(world.ports, **command | fields)


def finish(world, url, *, account=ACCOUNT, **decision):
    """The person decides and comes back."""
    return world.follow_redirect(world.google.consent(url, account=account, **decision))
