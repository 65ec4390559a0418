"""Teams meetings of events: the block of text that holds a meeting, and what ends it."""

from local.microsoft.errors import Json

JOIN = "https://teams.microsoft.com/l/meetup-join/"


def with_meeting(body: Json, key: str, *, personal: bool) -> Json:
    """Return the body of an event; a work account's online meeting puts its block of text below the body.

    Personal accounts are not shown: what was seen of them changes (fact M71).
    """
    text = body.get("body") or {}
    if not body.get("isOnlineMeeting") or personal or JOIN in (text.get("content") or ""):
        return body
    html = (text.get("contentType") or "text").lower() == "html"
    line = "<hr>Join: {}" if html else "\n________________\nJoin: {}"
    content = (text.get("content") or "") + line.format(f"{JOIN}{key}")
    return body | {"body": text | {"content": content}, "onlineMeetingProvider": "teamsForBusiness"}


def without_lost_meeting(old: Json, body: Json) -> Json:
    """Return a changed body; a text without the block of its meeting ends the meeting (fact M70).

    https://learn.microsoft.com/graph/api/event-update
    """
    was = JOIN in ((old.get("body") or {}).get("content") or "")
    if was and JOIN not in ((body.get("body") or {}).get("content") or ""):
        return body | {"isOnlineMeeting": False, "onlineMeetingProvider": "unknown"}
    return body


def join_url(body: Json) -> str:
    """Return the address of an event's meeting, or an empty text."""
    content = (body.get("body") or {}).get("content") or ""
    if not body.get("isOnlineMeeting") or JOIN not in content:
        return ""
    return JOIN + content.partition(JOIN)[2].split("<")[0].split()[0]
