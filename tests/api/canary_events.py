"""External events with a unique marker ("canary") in every field that holds people's words."""

from __future__ import annotations

from typing import Any

from tests.world import ACCOUNT

# What an import of the full mode keeps, and what no mode keeps.
KEPT = ("title", "text")
NEVER = ("place", "guest", "mailbox", "comment", "link", "label", "meeting", "poison")
KINDS = ("open", "hush")


def canary_of(kind: str, word: str) -> str:
    """The canary of a field: of an ordinary (open) or a private (hush) event."""
    return f"canary-{kind}-{word}"


BIRDS = tuple(canary_of(kind, word) for kind in KINDS for word in (*KEPT, *NEVER))


def google_event(kind: str, hour: int, **more: Any) -> dict[str, Any]:
    """A Google event with a canary in every field that holds words."""
    return {
        "summary": f"{canary_of(kind, 'title')} ☺",
        "description": f"<b>{canary_of(kind, 'text')}</b>",
        "location": canary_of(kind, "place"),
        "attendees": [
            {
                "email": f"{canary_of(kind, 'mailbox')}@example.com",
                "displayName": canary_of(kind, "guest"),
                "comment": canary_of(kind, "comment"),
            },
            {"email": ACCOUNT, "self": True, "responseStatus": "accepted"},
        ],
        "source": {"title": canary_of(kind, "link"), "url": f"https://{canary_of(kind, 'link')}.example"},
        "extendedProperties": {
            "shared": {"label": canary_of(kind, "label")},
            "private": {"x": canary_of(kind, "label")},
        },
        "start": {"dateTime": f"2027-03-16T{hour:02}:00:00+01:00", "timeZone": "Europe/Zurich"},
        "end": {"dateTime": f"2027-03-16T{hour + 1:02}:00:00+01:00", "timeZone": "Europe/Zurich"},
        **({"visibility": "private"} if kind == "hush" else {}),
        **more,
    }


def graph_event(kind: str, hour: int, **more: Any) -> dict[str, Any]:
    """A Microsoft Graph event with a canary in every field that holds words."""
    return {
        "subject": f"{canary_of(kind, 'title')} ☺",
        "body": {"contentType": "html", "content": f"<b>{canary_of(kind, 'text')}</b>"},
        "location": {"displayName": canary_of(kind, "place")},
        "attendees": [
            {
                "emailAddress": {
                    "address": f"{canary_of(kind, 'mailbox')}@example.com",
                    "name": canary_of(kind, "guest"),
                },
                "type": "required",
            }
        ],
        "categories": [canary_of(kind, "label")],
        "start": {"dateTime": f"2027-03-16T{hour - 1:02}:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"2027-03-16T{hour:02}:00:00", "timeZone": "UTC"},
        **({"sensitivity": "private"} if kind == "hush" else {}),
        **more,
    }
