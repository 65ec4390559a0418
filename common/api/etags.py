"""ETag, If-Match and If-None-Match: which version an answer shows, and which one a caller has seen."""

from __future__ import annotations

import hashlib
import json
import re

from common.api.http import Call, Json, Reply
from common.domain.shared.concurrency import Condition
from common.errors import InvalidRequest

# A browser may keep what it was shown, and has to ask each time whether it still holds.
CACHE = "private, no-cache"
_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*')
_DIGEST = 12


def condition(call: Call) -> Condition:
    """What the caller demands of the record that it is about to change.

    Raises:
        InvalidRequest: The headers say something that is no list of entity tags.
    """
    match, none = call.headers.get("If-Match"), call.headers.get("If-None-Match")
    absent = none is not None and none.strip() == "*"
    if none is not None and not absent:
        raise InvalidRequest("If-None-Match of a change is *", code="invalid_version")
    if match is None:
        return Condition(absent=absent)
    if match.strip() == "*":
        return Condition(anything=True, absent=absent)
    # A weak tag never matches: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
    strong = (tag for weak, tag in _tags(match) if not weak)
    return Condition(versions=frozenset(tag.rpartition("-")[0] for tag in strong), absent=absent)


def shown(call: Call, view: Json, version: str | None) -> Reply:
    """A record with its ETag, or 304 where the caller has this very answer."""
    headers = {"ETag": etag(view, version), "Cache-Control": CACHE}
    known = call.headers.get("If-None-Match")
    if known is not None and (known.strip() == "*" or headers["ETag"] in _quoted(known)):
        return Reply(status=304, headers=headers)
    return Reply(view, headers=headers)


def stored(view: Json, version: str | None, *, created: bool) -> Reply:
    """A record that was stored, with its new ETag."""
    return made(view, etag(view, version), new=created)


def made(view: Json, tag: str, *, new: bool) -> Reply:
    """What was asked for, with the ETag under which it is read from now on."""
    return Reply(view, status=201 if new else 200, headers={"ETag": tag})


def changed(view: Json, version: str | None) -> Reply:
    """A record that was changed, with its new ETag."""
    return stored(view, version, created=False)


def etag(view: Json, version: str | None) -> str:
    """The strong tag of an answer: the record's version, and what this release shows of it."""
    text = json.dumps(view, sort_keys=True, separators=(",", ":"))
    return f'"{version}-{hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]}"'


def _quoted(header: str) -> set[str]:
    return {f'"{tag}"' for _, tag in _tags(header)}


def _tags(header: str) -> list[tuple[bool, str]]:
    parts = [_TAG.fullmatch(part) for part in header.split(",")]
    tags = [(bool(part[1]), part[2]) for part in parts if part]
    if len(tags) != len(parts):
        raise InvalidRequest("an ETag is sent back as it was received, in quotes", code="invalid_version")
    return tags
