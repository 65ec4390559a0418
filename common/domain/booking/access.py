"""Who may see or change one booking: the holder of its secret management link, or the tenant's staff."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

SIGNATURE_BYTES = 32
PURPOSE = "manage"


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """Somebody who sent a management token."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HoldKey:
    """A hold and the secret that came with it."""

    id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Staff:
    """A verified member of the tenant; ``resources`` None means all of the tenant's."""

    resources: frozenset[str] | None = None

    def may(self, resource: str) -> bool:
        """Whether this member works for that resource."""
        return self.resources is None or resource in self.resources


Authority = LinkHolder | Staff


def encode_token(signature: bytes) -> str:
    """The text of a management token."""
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def decode_token(text: str) -> bytes:
    """The signature in a token, or no bytes at all where it cannot be one."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    # Only the one spelling: the last character of base64 has spare bits.
    return raw if len(raw) == SIGNATURE_BYTES and encode_token(raw) == text else b""


def link(page: str, *, tenant: str, booking: str, token: str) -> str:
    """The address that manages a booking; empty where no page is configured.

    The secret stands behind ``#``, so that browsers send it to no server, no log and no referrer.
    """
    return f"{page}#{tenant}/{booking}/{token}" if page else ""


def reference(booking: str) -> str:
    """A short word for people to talk about a booking; it opens nothing."""
    return booking[-8:].upper()
