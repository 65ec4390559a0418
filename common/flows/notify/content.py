"""Collects what a mail about a booking, a notice or an invitation says; `common/mail` writes the text."""

from __future__ import annotations

from collections.abc import Mapping

from common.domain.booking import access
from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection, ProviderKind
from common.domain.catalogue.records import Resource, Tenant
from common.domain.connect import invitation as invitations
from common.domain.connect.invitation import Invitation
from common.domain.notify import Appointment, MailContent, MailKind, Notice, mail_id
from common.flows.notify.file_identity import FileIdentity
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
