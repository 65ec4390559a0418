"""Collects what a mail about a booking, a notice or an invitation says; `common/mail` writes the text."""

from __future__ import annotations

from common.domain.booking import access
from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection, ProviderKind
from common.domain.catalogue.records import Resource, Service, Tenant
from common.domain.connect import invitation as invitations
from common.domain.connect.invitation import Invitation
from common.domain.notify import Appointment, MailContent, MailKind, Notice, mail_id
from common.flows.shared.booking_access import manage_token
from common.ports import Ports

_PROVIDER_NAMES = {ProviderKind.GOOGLE: "Google", ProviderKind.MICROSOFT: "Microsoft"}


def booking_mail(
    ports: Ports, kind: MailKind, booking: Booking, *, tenant: Tenant, service: Service, resource: Resource
) -> MailContent:
    """The mail to a customer about the booking as it is now.

    Its calendar file has the booking's revision as its sequence number.
    """
    customer = booking.customer
    zone = customer.zone or resource.zone
    token = manage_token(ports, tenant=booking.tenant, booking=booking.id)
    page = ports.tuning.manage_url if booking.active else ""
    return MailContent(
        id=mail_id("booking", booking.tenant, booking.id, str(booking.revision)),
        kind=kind,
        language=tenant.mail.language,
        to=((customer.email or "", customer.name),),
        business=tenant.name,
        facts={
            "service": service.name,
            "resource": resource.name,
            "reference": access.reference(booking.id),
        },
        link=access.link(page, tenant=booking.tenant, booking=booking.id, token=token),
        reply_to=tenant.mail.owner,
        appointment=Appointment(
            uid=f"{booking.id}@slotbridge",
            sequence=booking.revision,
            interval=booking.interval,
            zone=zone,
            title=f"{service.name} ({tenant.name})",
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
    tenant: Tenant,
    resource: Resource | None,
    connection: Connection | None,
    booking: Booking | None,
) -> MailContent | None:
    """The mail about a notice to the owner and to the person whose calendar it is; None without addresses."""
    addresses = [tenant.mail.owner, resource.email if resource else None]
    people = tuple((address, tenant.name) for address in dict.fromkeys(filter(None, addresses)))
    if not people:
        return None
    return MailContent(
        id=mail_id("notice", notice.tenant, notice.id),
        kind=kind,
        language=tenant.mail.language,
        to=people,
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
    ports: Ports, invitation: Invitation, *, secret: str, tenant: Tenant, resource: Resource
) -> MailContent:
    """The mail that invites somebody to connect their calendar; its link holds the ``secret``."""
    ids = {"tenant": invitation.tenant, "invitation": invitation.id}
    return MailContent(
        id=mail_id("invitation", invitation.tenant, invitation.id, str(invitation.sendings)),
        kind=MailKind.INVITATION,
        language=invitation.language,
        to=((invitation.address, resource.name),),
        business=tenant.name,
        facts={"resource": resource.name, "account": invitation.expected_account or ""},
        link=invitations.invitation_link(ports.tuning.invite_url, **ids, secret=secret),
        reply_to=tenant.mail.owner,
        until=invitation.ends_at,
        zone=resource.zone,
        sent_at=ports.clock.now(),
    )
