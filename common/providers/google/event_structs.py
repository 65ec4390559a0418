"""Google's events and listings as they are sent: only the fields that are asked for, typed.

https://developers.google.com/workspace/calendar/api/v3/reference/events
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from common.errors import ProviderUnavailable, UnexpectedReply
from common.providers.answers import decoded_leniently, parsed_json, with_whole_names
from common.providers.google.request_bodies import Reply


class GoogleTime(msgspec.Struct, rename="camel", gc=False):
    """A time, or the date of an all-day event."""

    date_time: str | None = None
    date: str | None = None
    time_zone: str | None = None


class Guest(msgspec.Struct, rename="camel", gc=False):
    """An attendee, without an address."""

    self: bool | None = None
    organizer: bool | None = None
    response_status: str | None = None


class Properties(msgspec.Struct, gc=False):
    """What programs keep in an event."""

    private: dict[str, Any] | None = None


class GoogleItem(msgspec.Struct, rename="camel", gc=False):
    """An event, an exception of a series, or what is left of a deleted one."""

    id: str | None = None
    status: str | None = None
    start: GoogleTime | None = None
    end: GoogleTime | None = None
    transparency: str | None = None
    visibility: str | None = None
    event_type: str | None = None
    recurring_event_id: str | None = None
    original_start_time: GoogleTime | None = None
    recurrence: Any = None
    attendees: list[Guest] | None = None
    updated: str | None = None
    etag: str | None = None
    extended_properties: Properties | None = None
    summary: str | None = None
    description: str | None = None


class GoogleListing(msgspec.Struct, rename="camel"):
    """A page; an item that is no object is None."""

    kind: Any = None
    time_zone: Any = None
    next_page_token: Any = None
    next_sync_token: Any = None
    items: list[GoogleItem | None] | None = None


_listings = msgspec.json.Decoder(GoogleListing)


# What is read out of bytes has no half characters, what is read field by field may.
_NAMES = ("id", "recurring_event_id", "etag")


def item_of(found: object) -> GoogleItem | None:
    """One event, whatever is odd about it; None for what is no object."""
    return with_whole_names(decoded_leniently(found, GoogleItem), _NAMES) if isinstance(found, dict) else None


def listing_of(reply: Reply) -> GoogleListing:
    """A page that was decoded already.

    Raises:
        UnexpectedReply: It is no listing.
    """
    return GoogleListing(
        kind=reply.get("kind"),
        time_zone=reply.get("timeZone"),
        next_page_token=reply.get("nextPageToken"),
        next_sync_token=reply.get("nextSyncToken"),
        items=[item_of(one) for one in checked_items(reply.get("kind"), reply.get("items"))],
    )


def read_listing(content: bytes) -> GoogleListing:
    """A page, out of its bytes; one with anything odd about it is read once more, field by field.

    Raises:
        ProviderUnavailable: It is not whole.
        UnexpectedReply: It is no listing.
    """
    try:
        found = _listings.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        reply = parsed_json(content)
        if not isinstance(reply, dict):
            raise ProviderUnavailable("Google's answer is not whole", code="unreadable_reply") from None
        return listing_of(reply)
    found.items = list(checked_items(found.kind, found.items))
    return found


def checked_items(kind: object, items: object) -> Sequence[Any]:
    """The items of a listing.

    Raises:
        UnexpectedReply: It is no listing; that is never the same as an empty one.
    """
    if isinstance(items, list):
        return items
    if items is None and kind in ("calendar#events", "calendar#calendarList"):
        return ()
    raise UnexpectedReply("an answer that is no listing", code="no_listing")
