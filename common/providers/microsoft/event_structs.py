"""Graph's events and listings as they are sent: only the fields that are needed, typed.

https://learn.microsoft.com/graph/api/resources/event
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from common.errors import ProviderUnavailable, UnexpectedReply
from common.providers.answers import decoded_leniently, parsed_json, whole_characters, with_whole_names
from common.providers.microsoft.request_bodies import Reply


class GraphTime(msgspec.Struct, rename="camel", gc=False):
    """A wall time and its zone."""

    date_time: str | None = None
    time_zone: Any = None


class ResponseStatus(msgspec.Struct, gc=False):
    """The owner's answer to an invitation."""

    response: str | None = None


class Body(msgspec.Struct, gc=False):
    """The description."""

    content: str | None = None


class Property(msgspec.Struct, gc=False):
    """What a program keeps in an event."""

    id: str | None = None
    value: str | None = None


class GraphItem(msgspec.Struct, rename="camel", gc=False):
    """An event, an occurrence, a series, or what is left of one that went out of the view.

    ``removed`` and ``show_as`` also tell whether they were sent at all. What kind of secret a sensitivity
    is does not matter: whatever is not plainly ``normal`` is private.
    """

    id: str | None = None
    start: GraphTime | None = None
    end: GraphTime | None = None
    is_all_day: bool | None = None
    show_as: str | msgspec.UnsetType | None = msgspec.UNSET
    sensitivity: Any = None
    is_cancelled: bool | None = None
    is_organizer: bool | None = None
    response_status: ResponseStatus | None = None
    type: str | None = None
    series_master_id: str | None = None
    original_start: str | None = None
    transaction_id: str | None = None
    etag: str | None = msgspec.field(default=None, name="@odata.etag")
    last_modified_date_time: str | None = None
    single_value_extended_properties: list[Property] | None = None
    removed: Any = msgspec.field(default=msgspec.UNSET, name="@removed")

    @property
    def texts(self) -> tuple[str, str]:
        """Its title and its description."""
        return "", ""


class WordedItem(GraphItem, rename="camel", gc=False):
    """The same with its texts, which a delta sends whether they are wanted or not."""

    subject: str | None = None
    body: Body | None = None

    @property
    def texts(self) -> tuple[str, str]:
        """Its title and its description."""
        return whole_characters(self.subject), whole_characters(self.body.content if self.body else None)


class GraphListing(msgspec.Struct):
    """A page; an item that is no object is None."""

    value: Sequence[GraphItem | None] | None = None
    next_link: Any = msgspec.field(default=None, name="@odata.nextLink")
    delta_link: Any = msgspec.field(default=None, name="@odata.deltaLink")


class _Timed(GraphListing):
    value: list[GraphItem | None] | None = None


class _Worded(GraphListing):
    value: list[WordedItem | None] | None = None


_timed, _worded = msgspec.json.Decoder(_Timed), msgspec.json.Decoder(_Worded)


# What is read out of bytes has no half characters, what is read field by field may.
_NAMES = ("id", "series_master_id", "transaction_id", "etag")


def item_of(found: object) -> WordedItem | None:
    """One event, whatever is odd about it; None for what is no object."""
    return with_whole_names(decoded_leniently(found, WordedItem), _NAMES) if isinstance(found, dict) else None


def listing_of(reply: Reply) -> GraphListing:
    """A page that was decoded already.

    Raises:
        UnexpectedReply: It is no listing.
    """
    return GraphListing(
        value=[item_of(one) for one in checked_items(reply.get("value"))],
        next_link=reply.get("@odata.nextLink"),
        delta_link=reply.get("@odata.deltaLink"),
    )


def read_listing(content: bytes, *, texts: bool) -> GraphListing:
    """A page, out of its bytes; one with anything odd about it is read once more, field by field.

    Texts that are not wanted are left in the bytes.

    Raises:
        ProviderUnavailable: It is not whole.
        UnexpectedReply: It is no listing.
    """
    try:
        found = (_worded if texts else _timed).decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        reply = parsed_json(content)
        if not isinstance(reply, dict):
            raise ProviderUnavailable("Graph's answer is not whole", code="unreadable_reply") from None
        return listing_of(reply)
    checked_items(found.value)
    return found


def checked_items(items: object) -> Sequence[Any]:
    """The items of a listing.

    Raises:
        UnexpectedReply: It is no listing; that is never the same as an empty one.
    """
    if isinstance(items, list):
        return items
    raise UnexpectedReply("an answer that is no listing", code="no_listing")
