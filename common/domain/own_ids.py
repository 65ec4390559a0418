"""The event ids of our exports: whoever has the key tells from an id alone whether the event is ours."""

from __future__ import annotations

import base64
import binascii
import re

PREFIX = "sb"
_OWN_ID = re.compile(rf"{PREFIX}[a-v0-9]{{52}}")


def own_event_id(signature: bytes) -> str:
    """The event id of a booking's export: the HMAC of (tenant, booking, epoch), base32hex in lower case.

    Google takes ``[a-v0-9]``, 5 to 1024 characters:
    https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
    """
    return PREFIX + base64.b32hexencode(signature).decode().rstrip("=").lower()


def id_signature(event_id: str) -> bytes | None:
    """The HMAC inside an event id of ours; None where the id cannot be one."""
    if not event_id.startswith(PREFIX) or not _OWN_ID.fullmatch(event_id):
        return None
    text = event_id.removeprefix(PREFIX).upper()
    try:
        return base64.b32hexdecode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        return None
