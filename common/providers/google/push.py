"""Reads Google's push messages, which say everything in their headers.

Imported by the webhook's cold start: nothing beyond the standard library and the domain.
"""

from __future__ import annotations

from collections.abc import Mapping

from common.domain.sync.push import PushNotice


def notice(headers: Mapping[str, str]) -> PushNotice:
    """What a push message says of itself; believed only after its token was verified.

    The state is ``sync`` once after a channel was opened, else ``exists`` or ``not_exists``; whatever
    comes after the opening means "look": https://developers.google.com/workspace/calendar/api/guides/push
    """
    return PushNotice(
        token=_said(headers, "X-Goog-Channel-Token"),
        channel=_said(headers, "X-Goog-Channel-ID"),
        opening=(_said(headers, "X-Goog-Resource-State") or "").lower() == "sync",
    )


def _said(headers: Mapping[str, str], name: str) -> str | None:
    # Some carriers write all names in small letters.
    return headers.get(name) or headers.get(name.lower()) or None
