"""Facts about the fields of Google's events: changes, extended properties and texts."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts
from scripts.probe.google.account import GoogleAccount
from scripts.probe.web import Json

FACTS = Facts()
# How Google begins and ends the block that it keeps for itself in a description.
LIMIT = "-::~:~::~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~::~:~::-"
CONFERENCE = f"Before\n{LIMIT}\nJoin here\n{LIMIT}\nAfter"


@FACTS.fact("G35", "PATCH of a timed event to dates, the other member left as it is", double="400 invalid")
def to_all_day_without_null(at: GoogleAccount) -> str:
    """Send dates alone."""
    event = at.made("G35")
    return at.patch(event["id"], {"start": at.date(), "end": at.date(1)}).said


@FACTS.fact("G35-null", "PATCH of a timed event to dates, the other member null", double="200")
def to_all_day_with_null(at: GoogleAccount) -> str:
    """Send dates, and null for the times."""
    event = at.made("G35 null")
    empty: Json = {"dateTime": None, "timeZone": None}
    return at.patch(event["id"], {"start": at.date() | empty, "end": at.date(1) | empty}).said


def _properties(event: Json) -> Json:
    found: Json = event.get("extendedProperties", {}).get("private", {})
    return found


def _marked(at: GoogleAccount, about: str, private: Json) -> Json:
    return at.made(about, extendedProperties={"private": private})


@FACTS.fact("G38", "extended properties after a PATCH without them", double="kept")
def properties_after_patch(at: GoogleAccount) -> str:
    """Change the place alone."""
    event = _marked(at, "G38", {"probe": "1"})
    after = needed(at.patch(event["id"], {"location": "probe"}))
    return "kept" if _properties(after) == {"probe": "1"} else "lost"


@FACTS.fact("G38-put", "extended properties after a PUT without them", double="lost")
def properties_after_put(at: GoogleAccount) -> str:
    """Replace the event."""
    event = _marked(at, "G38 put", {"probe": "1"})
    after = needed(at.put(event["id"], at.event("G38 put")))
    return "kept" if _properties(after) == {"probe": "1"} else "lost"


@FACTS.fact("G39", "an extended property with a key of 45 characters", double="200 dropped")
def long_key(at: GoogleAccount) -> str:
    """Insert with a key that is too long."""
    answer = at.insert(at.event("G39", extendedProperties={"private": {"k" * 45: "1"}}))
    kept = "k" * 45 in _properties(answer.found)
    return f"{answer.said} {'kept' if kept else 'dropped'}" if answer.good else answer.said


@FACTS.fact("G39-value", "an extended property with a value of 1100 characters", double="200 1024")
def long_value(at: GoogleAccount) -> str:
    """Insert with a value that is too long."""
    answer = at.insert(at.event("G39 value", extendedProperties={"private": {"probe": "v" * 1100}}))
    return f"{answer.said} {len(_properties(answer.found).get('probe', ''))}" if answer.good else answer.said


@FACTS.fact(
    "G42",
    "an empty title and description, read again",
    double="absent, absent",
    others={"present, present": "empty texts are kept"},
)
def empty_texts(at: GoogleAccount) -> str:
    """Insert with empty texts."""
    event = at.made("G42", summary="", description="")
    found = needed(at.get(event["id"]))
    return ", ".join("present" if name in found else "absent" for name in ("summary", "description"))


def _description(at: GoogleAccount, about: str, text: str) -> str:
    event = at.made(about, description=text)
    return str(needed(at.get(event["id"])).get("description", ""))


@FACTS.fact(
    "G68", "a description with a conference block of Google's", double="cut", others={"kept": "as written"}
)
def conference_block(at: GoogleAccount) -> str:
    """Write a block between Google's own delimiters."""
    found = _description(at, "G68", CONFERENCE)
    if found == CONFERENCE:
        return "kept"
    return "cut" if "Join here" not in found and "After" in found else "changed"


@FACTS.fact("G69", "a description in simple HTML", double="kept")
def html_description(at: GoogleAccount) -> str:
    """Write some tags."""
    text = "<b>Bring</b> this<br>and that &amp; more"
    return "kept" if _description(at, "G69", text) == text else "changed"


@FACTS.fact(
    "G70",
    "a description of 20000 characters",
    double="400 invalid",
    others={"200 kept": "no limit there", "200 cut": "limited to about 8000"},
)
def long_description(at: GoogleAccount) -> str:
    """Write more than Google is said to keep."""
    answer = at.insert(at.event("G70", description="d" * 20000))
    if not answer.good:
        return answer.said
    kept = len(needed(at.get(answer.found["id"])).get("description", "")) == 20000  # noqa: PLR2004
    return f"{answer.said} {'kept' if kept else 'cut'}"


@FACTS.fact("G70-title", "a title of 5000 characters", double="200 kept")
def long_title(at: GoogleAccount) -> str:
    """Write a very long title."""
    answer = at.insert(at.event("G70 title", summary="t" * 5000))
    if not answer.good:
        return answer.said
    kept = len(needed(at.get(answer.found["id"])).get("summary", "")) == 5000  # noqa: PLR2004
    return f"{answer.said} {'kept' if kept else 'cut'}"


@FACTS.fact("G87", "out-of-office properties on an ordinary event", double="400 malformedSpecialEvent")
def properties_of_another_type(at: GoogleAccount) -> str:
    """Insert an ordinary event with what belongs to another type."""
    properties = {"autoDeclineMode": "declineNone"}
    return at.insert(at.event("G87", outOfOfficeProperties=properties)).said
