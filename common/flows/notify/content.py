"""Collects what a mail about a booking, a notice or an invitation says; `common/mail` writes the text.

It also decides how the mail's calendar file names the appointment, so that its reader has one appointment.
Where the customer is a guest of the exported event, their calendar may show that event already, and the file
has its UID. What a customer was told first stays: a program takes another UID for another appointment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.domain.booking import access
from common.domain.booking.booking import Booking
from common.domain.calendar.connection import LIMITATIONS, Connection, Limitation, ProviderKind
from common.domain.catalogue.records import Resource, Tenant
from common.domain.connect import invitation as invitations
from common.domain.connect.invitation import Invitation
from common.domain.export.exported_event import ExportLink
from common.domain.export.own_events import has_guest
from common.domain.notify import Appointment, LastNotified, MailContent, MailKind, Notice, mail_id, told_uid
from common.errors import Conflict
from common.flows.shared.booking_access import manage_token
from common.ports import Ports

_PROVIDER_NAMES = {ProviderKind.GOOGLE: "Google", ProviderKind.MICROSOFT: "Microsoft"}


def booking_mail(
    ports: Ports,
    kind: MailKind,
    booking: Booking,
    *,
    tenant: Tenant,
    words: Mapping[str, str],
    answers_to: str | None,
    identity: FileIdentity,
) -> MailContent:
    """The mail to a customer about the booking as it is now.

    Args:
        ports: The outside.
        kind: Which text.
        booking: What it is about.
        tenant: The business.
        words: The names of ``service`` and ``resource`` and the resource's ``zone``; what is not known is not
            said, and the business's own zone is taken.
        answers_to: Where answers go.
        identity: How its calendar file names the appointment.
    """
    customer = booking.customer
    zone = customer.zone or words.get("zone") or tenant.zone
    service = words.get("service", "")
    token = manage_token(ports, tenant=booking.tenant, booking=booking.id)
    page = ports.tuning.manage_url if booking.active else ""
    return MailContent(
        id=mail_id("booking", booking.tenant, booking.id, str(booking.revision)),
        kind=kind,
        language=tenant.mail.language,
        to=(customer.email or "", customer.name),
        business=tenant.name,
        facts={
            "service": service,
            "resource": words.get("resource", ""),
            "reference": access.reference(booking.id),
        },
        link=access.link(page, tenant=booking.tenant, booking=booking.id, token=token),
        reply_to=answers_to,
        appointment=Appointment(
            uid=identity.uid,
            sequence=identity.sequence,
            recurrence_id=identity.recurrence_id,
            interval=booking.interval,
            zone=zone,
            title=f"{service} ({tenant.name})" if service else tenant.name,
            cancelled=not booking.active,
        ),
        interval=booking.interval,
        zone=zone,
        sent_at=ports.clock.now(),
    )


def notice_mail(
    ports: Ports,
    kind: MailKind,
    notice: Notice,
    *,
    to: str,
    tenant: Tenant,
    resource: Resource | None,
    connection: Connection | None,
    booking: Booking | None,
) -> MailContent:
    """The mail about a notice to one of its recipients, whose address is ``to``."""
    return MailContent(
        id=mail_id("notice", notice.tenant, notice.id, to),
        kind=kind,
        language=tenant.mail.language,
        to=(to, tenant.name),
        business=tenant.name,
        facts={
            "resource": resource.name if resource else "",
            "provider": _PROVIDER_NAMES[connection.provider] if connection else "",
            "reference": access.reference(booking.id) if booking else "",
        },
        link=ports.tuning.console_url,
        interval=booking.interval if booking else None,
        zone=resource.zone if resource else tenant.zone,
        sent_at=ports.clock.now(),
    )


def invitation_mail(
    ports: Ports,
    invitation: Invitation,
    *,
    secret: str,
    tenant: Tenant,
    resource: Resource,
    answers_to: str | None,
) -> MailContent:
    """The mail that invites somebody to connect their calendar; its link holds the ``secret``."""
    ids = {"tenant": invitation.tenant, "invitation": invitation.id}
    return MailContent(
        id=mail_id("invitation", invitation.tenant, invitation.id, str(invitation.sendings)),
        kind=MailKind.INVITATION,
        language=invitation.language,
        to=(invitation.address, resource.name),
        business=tenant.name,
        facts={"resource": resource.name, "account": invitation.expected_account or ""},
        link=invitations.invitation_link(ports.tuning.invite_url, **ids, secret=secret),
        reply_to=answers_to,
        until=invitation.ends_at,
        zone=resource.zone,
        sent_at=ports.clock.now(),
    )


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
    named = [link for _, link in links if link and link.ical_uid and has_guest(link)]
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
    silent = Limitation.GUESTS_ARE_ALWAYS_MAILED not in LIMITATIONS[connection.provider]
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
