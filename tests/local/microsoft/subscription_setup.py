"""The body of a subscription, and how the tests read what its webhook received."""

import json

HOOK = "https://app.example.test/webhook_graph?tenant=1"
LIFE = "https://app.example.test/lifecycle"


def asked(calendar="", **more):
    return {
        "changeType": "created,updated,deleted",
        "resource": f"me/calendars/{calendar}/events" if calendar else "me/events",
        "notificationUrl": HOOK,
        "lifecycleNotificationUrl": LIFE,
        "expirationDateTime": "2026-10-07T00:00:00Z",
        "clientState": "secret",
    } | more


def items(hook):
    """The notifications that arrived, one by one."""
    found = [each for _, body in hook.posts for each in json.loads(body)["value"]]
    hook.posts.clear()
    return found
