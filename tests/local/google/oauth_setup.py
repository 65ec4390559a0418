"""The authorization request that the tests send to Google's consent page, and how they read its redirect."""

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

CALLBACK = "https://app.example.test/callback"
EVENTS = "https://www.googleapis.com/auth/calendar.events"
LISTS = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def authorize(**changes):
    asked = {
        "client_id": "client",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": f"{EVENTS} {LISTS}",
        "state": "a state/with=signs&more",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    return "/o/oauth2/v2/auth?" + urlencode(
        {name: value for name, value in asked.items() if value is not None}
    )


def answered(location):
    parts = urlsplit(location)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
    return {name: values[0] for name, values in parse_qs(parts.query).items()}
