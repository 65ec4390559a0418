"""Decides how the calendar file of a mail names the appointment, so that its reader has one appointment.

Where the customer is a guest of the exported event, their calendar may show that event already: the file then
has its UID. What a customer was told first stays, because a calendar program takes another UID for another
appointment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection
from common.domain.export.exported_event import ExportLink
from common.domain.export.own_events import invited
from common.domain.notify import LastNotified, told_uid
from common.errors import Conflict
from common.ports import Ports

# How long the first mail waits for the name of an event that is about to be written.
LONGEST_WAIT = timedelta(minutes=1)
_LOOK_AGAIN = 5


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """UID, SEQUENCE and RECURRENCE-ID of RFC 5545: which appointment, which version of it, and which date."""

    uid: str
    sequence: int
    recurrence_id: datetime | None = None


def own_uid(booking: Booking) -> str:
    """The UID of an appointment that is in no calendar of its customer."""
    return f"{booking.id}@slotbridge"


def file_identity(
    ports: Ports, booking: Booking, last: LastNotified | None, inviting: Sequence[Connection]
) -> FileIdentity:
    """How the calendar file of the mail about a booking names it.

    Its version is the booking's revision, and no older than the event's own: programs leave out what is older
    than what they know.

    Args:
        ports: The outside.
        booking: The booking.
        last: What its customer was told last.
        inviting: The connections in which the customer is a guest of the event, or becomes one.

    Raises:
        Conflict: The event is about to be written, and the mail waits for its name.
    """
    told = told_uid(last, own=own_uid(booking))
    links = [(item, ports.bookings.link(booking.tenant, item.id, booking.id)) for item in inviting]
    named = [link for _, link in links if link and link.ical_uid and invited(link.written)]
    link = next((link for link in named if told in {None, link.ical_uid}), None)
    if link is None:
        if told is None and any(_is_awaited(ports, booking, item, link) for item, link in links):
            raise Conflict(
                "the event is about to be written", code="event_unwritten", retry_after=_LOOK_AGAIN
            )
        return FileIdentity(told or own_uid(booking), booking.revision)
    behind = link.revision < booking.revision or not booking.active
    sequence = max(booking.revision, link.sequence + behind)
    return FileIdentity(link.ical_uid or own_uid(booking), sequence, _date_of(link))


def _is_awaited(ports: Ports, booking: Booking, connection: Connection, link: ExportLink | None) -> bool:
    """Whether an event with the customer as a guest will be there in a moment.

    Only where guests are invited in silence: elsewhere nobody becomes one without a mail of the provider.
    """
    silent = ports.providers[connection.provider].calendar.abilities.silent_guests
    if not (silent and connection.usable and connection.settings.exports.on and connection.run):
        return False
    unwritten = link is None or link.revision == 0
    return unwritten and ports.clock.now() - booking.updated_at < LONGEST_WAIT


def _date_of(link: ExportLink) -> datetime | None:
    """Which date of a series the appointment is, where its owner made a series of the event."""
    try:
        return datetime.strptime(link.original_start or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
