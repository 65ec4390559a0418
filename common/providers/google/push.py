"""Reads Google's push messages, which say everything in their headers.

Imported by the webhook's cold start: nothing beyond the standard library and the domain.
"""

from __future__ import annotations

from collections.abc import Mapping

from common.domain.push import PushNotice


def notice(headers: Mapping[str, str]) -> PushNotice:
    """What a push message says of itself; believed only after its token was verified.

    The state is ``sync`` once after a channel was opened, else ``exists`` or ``not_exists``; whatever
    comes after the opening means "look": https://developers.google.com/workspace/calendar/api/guides/push
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    return PushNotice(
        token=lowered.get("x-goog-channel-token") or None,
        channel=lowered.get("x-goog-channel-id") or None,
        opening=lowered.get("x-goog-resource-state", "").lower() == "sync",
    )
