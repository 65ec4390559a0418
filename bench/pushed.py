"""The two webhooks with the settings of their deployment, and a believable push message for each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

from bench.serving import Target, free_port, request
from common.crypto.keys import HmacKeys
from common.domain.sync.push import PURPOSE, PushClaims, encoded
from scripts.archive import archive
from scripts.archive_zip import zipped

KEY = "ab" * 32
CLAIMED = ("t1", "ca" * 12, "cd" * 12, "ch34567890")
NAMES = ("webhook_google", "webhook_graph")


def token() -> str:
    """The signed token that a channel of ours carries."""
    signature = HmacKeys([], channel=[bytes.fromhex(KEY)]).sign(PURPOSE, *CLAIMED)
    return encoded(PushClaims(*CLAIMED, signature=signature))


def settings(tasks: str) -> dict[str, str]:
    """What the webhooks are given; ``tasks`` is where tasks are queued."""
    return {
        "CHANNEL_KEYS": KEY,
        "CLOUD_TASKS_REST_ENDPOINT": tasks,
        "GOOGLE_CLOUD_PROJECT": "example-project",
        "PUBLIC_BASE_URL": "https://functions.example",
        "TASKS_LOCATION": "europe-west6",
        "TASKS_SERVICE_ACCOUNT": "tasks@example-project.iam.gserviceaccount.com",
    }


def unpacked(name: str, folder: Path) -> tuple[Path, int]:
    """A function's archive in a folder, and its size in bytes."""
    raw = zipped(archive(name).contents)
    place = folder / name
    place.mkdir(parents=True)
    (place / "archive.zip").write_bytes(raw)
    with ZipFile(place / "archive.zip") as contents:
        contents.extractall(place)
    return place, len(raw)


def webhook(name: str, folder: Path, tasks: str) -> Target:
    """A webhook's archive with a message that is verified and queued."""
    headers, body = google_message() if name == "webhook_google" else graph_message()
    place, _ = unpacked(name, folder)
    return Target(name, place, settings(tasks), request("POST", "/", headers, body))


def google_message() -> tuple[dict[str, str], bytes]:
    """Headers and body of a push message of Google's."""
    headers = {
        "X-Goog-Channel-ID": CLAIMED[-1],
        "X-Goog-Channel-Token": token(),
        "X-Goog-Channel-Expiration": "Tue, 19 Jan 2038 03:14:07 GMT",
        "X-Goog-Message-Number": "10",
        "X-Goog-Resource-ID": "ret08u3rv24htgh289g",
        "X-Goog-Resource-State": "exists",
        "X-Goog-Resource-URI": "https://www.googleapis.com/calendar/v3/calendars/primary/events",
    }
    return headers, b""


def graph_message() -> tuple[dict[str, str], bytes]:
    """Headers and body of a notification of Microsoft Graph's."""
    item = {
        "changeType": "updated",
        "clientState": token(),
        "resource": "Users/u/Events/e",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": "e"},
        "subscriptionExpirationDateTime": "2038-01-19T03:14:07Z",
        "subscriptionId": "11111111-2222-3333-4444-555555555555",
        "tenantId": "55555555-4444-3333-2222-111111111111",
    }
    return {"Content-Type": "application/json"}, json.dumps({"value": [item]}).encode()


@contextmanager
def tasks_stub() -> Iterator[str]:
    """The address of a queue that takes everything, in another process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.tasks_stub", str(port)], stdout=subprocess.PIPE)
    try:
        if process.stdout:
            process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=15)
        if process.stdout:
            process.stdout.close()
