"""What a booking's event shall look like at the provider: the booking's facts under the person's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.domain.booking import access, sessions
from common.domain.booking.booking import Booking
from common.domain.catalogue.records import Resource, Service
from common.domain.connect.settings import ExportSettings
from common.domain.export import templates
from common.domain.export.exported_event import EventDraft, Part, guest_key


@dataclass(frozen=True, slots=True)
class Mirror:
    """The provider event that shall show a booking: its id there, and what may be said through it."""

    event_id: str
    epoch: int
    manage_link: str = field(default="", repr=False)
    notify: bool = False
    with_attendee: bool = True
    may_accept: bool = True
    longest_title: int | None = None


def facts(
    booking: Booking, *, service: Service, resource: Resource, manage_link: str = ""
) -> Mapping[str, str]:
    """The words that a template may use."""
    if booking.session is not None:
        return _group(booking, service=service, resource=resource)
    customer = booking.customer
    return {
        "service": service.name,
        "resource": resource.name,
        "customer": customer.name,
        "email": customer.email or "",
        "phone": customer.phone or "",
        "note": booking.note or "",
        "reference": access.reference(booking.id),
        "manage_link": manage_link,
        "seats": "",
    }


def _group(session: Booking, *, service: Service, resource: Resource) -> Mapping[str, str]:
    """The words for a session: how many come, and nothing of who they are."""
    count = f"{sessions.booked_seats(session)}/{service.capacity}"
    return {
        **dict.fromkeys(templates.PLACEHOLDERS, ""),
        "service": service.name,
        "resource": resource.name,
        "customer": count,
        "reference": access.reference(session.id),
        "seats": count,
    }


def draft(
    booking: Booking, mirror: Mirror, *, service: Service, resource: Resource, settings: ExportSettings
) -> EventDraft:
    """The event of a booking; words that the owner wrote into it stay.

    Only the customer of a single booking becomes an attendee: guests of a group must not see each other.
    Without an attendee there is nobody to notify or to accept for.
    """
    known = facts(booking, service=service, resource=resource, manage_link=mirror.manage_link)
    attendee = _attendee(booking, service, settings) if mirror.with_attendee else None
    return EventDraft(
        event_id=mirror.event_id,
        booking=booking.id,
        epoch=mirror.epoch,
        interval=booking.interval,
        zone=resource.zone,
        title=templates.shortened(
            _or(booking.title, templates.title(settings.title, known) or service.name), mirror.longest_title
        ),
        description=_or(booking.description, templates.description(settings.description, known)),
        attendee=attendee,
        accepted=settings.auto_accept and mirror.may_accept and attendee is not None,
        notify=settings.notify and mirror.notify and attendee is not None,
        reminder=settings.reminder,
    )


def _or(own_words: str | None, text: str) -> str:
    return text if own_words is None else own_words


def _attendee(booking: Booking, service: Service, settings: ExportSettings) -> tuple[str, str] | None:
    single = service.capacity == 1 and booking.session is None
    if not (settings.attendee and single and booking.customer.email):
        return None
    return booking.customer.email, booking.customer.name


def part_keys(booking: Booking, *, zone: str, settings: ExportSettings) -> Mapping[Part, str]:
    """A word for what each part of an event is now that a provider may refuse; another word is tried anew."""
    return {
        Part.GUEST: guest_key(booking, settings),
        Part.ZONE: zone,
        Part.REMINDER: str(settings.reminder),
    }
