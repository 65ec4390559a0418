"""The two webhooks with the settings of a deployment, and a valid push message for each."""

from __future__ import annotations

import json
from pathlib import Path

from bench.functions.function_server import Target, request, unpack_archive
from common.crypto.keys import HmacKeys
from common.domain.sync.push import PURPOSE, PushClaims, encode_token

KEY = "ab" * 32
CLAIMS = ("t1", "ca" * 12, "cd" * 12, "ch34567890")
NAMES = ("webhook_google", "webhook_graph")


def channel_token() -> str:
    """The signed token of a push channel."""
    signature = HmacKeys([], channel=[bytes.fromhex(KEY)]).sign(PURPOSE, *CLAIMS)
    return encode_token(PushClaims(*CLAIMS, signature=signature))


def settings(tasks: str) -> dict[str, str]:
    """The settings of both webhooks; ``tasks`` is the address of the task queue."""
    return {
        "CHANNEL_KEYS": KEY,
        "CLOUD_TASKS_REST_ENDPOINT": tasks,
        "GOOGLE_CLOUD_PROJECT": "example-project",
        "PUBLIC_BASE_URL": "https://functions.example",
        "TASKS_LOCATION": "europe-west6",
        "TASKS_SERVICE_ACCOUNT": "tasks@example-project.iam.gserviceaccount.com",
    }


def webhook(name: str, folder: Path, tasks: str) -> Target:
    """A webhook from its archive, with a push message that it verifies and queues."""
    headers, body = google_message() if name == "webhook_google" else graph_message()
    place, _ = unpack_archive(name, folder)
    return Target(name, place, settings(tasks), request("POST", "/", headers, body))


def google_message() -> tuple[dict[str, str], bytes]:
    """Headers and body of a push message of Google."""
    headers = {
        "X-Goog-Channel-ID": CLAIMS[-1],
        "X-Goog-Channel-Token": channel_token(),
        "X-Goog-Channel-Expiration": "Tue, 19 Jan 2038 03:14:07 GMT",
        "X-Goog-Message-Number": "10",
        "X-Goog-Resource-ID": "ret08u3rv24htgh289g",
        "X-Goog-Resource-State": "exists",
        "X-Goog-Resource-URI": "https://www.googleapis.com/calendar/v3/calendars/primary/events",
    }
    return headers, b""


def graph_message() -> tuple[dict[str, str], bytes]:
    """Headers and body of a notification of Microsoft Graph."""
    item = {
        "changeType": "updated",
        "clientState": channel_token(),
        "resource": "Users/u/Events/e",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": "e"},
        "subscriptionExpirationDateTime": "2038-01-19T03:14:07Z",
        "subscriptionId": "11111111-2222-3333-4444-555555555555",
        "tenantId": "55555555-4444-3333-2222-111111111111",
    }
    return {"Content-Type": "application/json"}, json.dumps({"value": [item]}).encode()
