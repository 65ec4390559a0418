"""Sends one POST request to a webhook, and measures its answer."""

import http.client
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """What a webhook answered, and after how many seconds; status 0 means that it did not answer."""

    status: int
    text: str = ""
    content_type: str = "text/plain"
    seconds: float = 0.0


def post(address: str, headers: dict[str, str], body: bytes, *, timeout: float) -> WebhookReply:
    """Send a POST and wait at most `timeout` seconds.

    An answer that is not HTTP counts as none (status 0).
    """
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    began = time.monotonic()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=body, headers=headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        content_type = response.headers.get("Content-Type", "")
        return WebhookReply(response.status, text, content_type, time.monotonic() - began)
    except (OSError, http.client.HTTPException):
        return WebhookReply(0, seconds=time.monotonic() - began)
    finally:
        connection.close()
