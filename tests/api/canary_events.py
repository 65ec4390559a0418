"""External events with a canary in every field that holds words of people, for Google and Microsoft."""

from __future__ import annotations

from typing import Any

from tests.world import ACCOUNT

# What an import of the full mode keeps, and what no mode keeps.
KEPT = ("title", "text")
NEVER = ("place", "guest", "mailbox", "comment", "link", "label", "meeting", "poison")
KINDS = ("open", "hush")


def bird(kind: str, word: str) -> str:
    """The canary of a field: of an ordinary (open) or a private (hush) event."""
    return f"canary-{kind}-{word}"


BIRDS = tuple(bird(kind, word) for kind in KINDS for word in (*KEPT, *NEVER))


def google_event(kind: str, hour: int, **more: Any) -> dict[str, Any]:
    """Every field of Google's that holds words of people."""
    return {
        "summary": f"{bird(kind, 'title')} ☺",
        "description": f"<b>{bird(kind, 'text')}</b>",
        "location": bird(kind, "place"),
        "attendees": [
            {
                "email": f"{bird(kind, 'mailbox')}@example.com",
                "displayName": bird(kind, "guest"),
                "comment": bird(kind, "comment"),
            },
            {"email": ACCOUNT, "self": True, "responseStatus": "accepted"},
        ],
        "source": {"title": bird(kind, "link"), "url": f"https://{bird(kind, 'link')}.example"},
        "extendedProperties": {
            "shared": {"label": bird(kind, "label")},
            "private": {"x": bird(kind, "label")},
        },
        "start": {"dateTime": f"2027-03-16T{hour:02}:00:00+01:00", "timeZone": "Europe/Zurich"},
        "end": {"dateTime": f"2027-03-16T{hour + 1:02}:00:00+01:00", "timeZone": "Europe/Zurich"},
        **({"visibility": "private"} if kind == "hush" else {}),
        **more,
    }


def graph_event(kind: str, hour: int, **more: Any) -> dict[str, Any]:
    """Every field of Microsoft's that holds words of people."""
    return {
        "subject": f"{bird(kind, 'title')} ☺",
        "body": {"contentType": "html", "content": f"<b>{bird(kind, 'text')}</b>"},
        "location": {"displayName": bird(kind, "place")},
        "attendees": [
            {
                "emailAddress": {
                    "address": f"{bird(kind, 'mailbox')}@example.com",
                    "name": bird(kind, "guest"),
                },
                "type": "required",
            }
        ],
        "categories": [bird(kind, "label")],
        "start": {"dateTime": f"2027-03-16T{hour - 1:02}:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"2027-03-16T{hour:02}:00:00", "timeZone": "UTC"},
        **({"sensitivity": "private"} if kind == "hush" else {}),
        **more,
    }
