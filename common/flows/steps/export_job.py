"""One booking's export in one connection: what is read, drafted, sent and remembered for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from common.domain import drafts, manage, mirroring
from common.domain.account import CalendarEntry, CalendarRef, Connection
from common.domain.booking import Booking, EventDraft, EventRef, ExportLink, LinkState
from common.domain.catalogue import Resource, Service
from common.domain.event import Detail, ExternalEvent, Gone
from common.domain.ownership import fingerprint, invited
from common.domain.work import Lane, Notice, NoticeKind
from common.errors import UsageExhausted
from common.flows.steps.access import authorized
from common.flows.steps.entrusted import manage_token
from common.flows.steps.outbox import announce
from common.flows.steps.own_events import event_id, marker_of
from common.flows.steps.pacing import pace
from common.flows.steps.telling import mail_instead
from common.ports import Abilities, CalendarProvider, Ports

T = TypeVar("T")

# Google counts a PATCH as three requests:
# https://developers.google.com/workspace/calendar/api/v3/reference/events/patch
COST_OF_PATCH = 3


@dataclass(frozen=True, slots=True)
class Job:
    """A booking and the connection that mirrors it; ``notify`` allows mails, ``lane`` says who waits."""

    ports: Ports
    connection: Connection
    booking: Booking
    service: Service
    resource: Resource
    notify: bool
    lane: Lane
    booked: bool = False

    def booking_units(self, units: int) -> Job:
        """The job with its share of the limits booked at once.

        Held back between two of its calls, a write would find out for ever what became of it, and never
        come to the write itself.
        """
        pace(self.ports, self.connection, units=units, lane=self.lane)
        return replace(self, booked=True)

    def call(self, exchange: Callable[[CalendarProvider, str], T], *, units: int = 1) -> T:
        """One exchange with the provider, counted against its limits."""
        if not self.booked:
            pace(self.ports, self.connection, units=units, lane=self.lane)
        provider = self.ports.providers[self.connection.provider].calendar
        return authorized(self.ports, self.connection, lambda token: exchange(provider, token))

    def place(self, link: ExportLink) -> CalendarRef:
        """The calendar in which the link's event lives, whatever the settings say now."""
        entry = self.connection.calendars.get(link.calendar)
        zone = (entry.zone if entry else None) or self.resource.zone
        return (
            CalendarRef(link.calendar_id, zone, entry.role) if entry else CalendarRef(link.calendar_id, zone)
        )

    def blank(self, target: CalendarEntry, *, epoch: int, before: ExportLink | None = None) -> ExportLink:
        """A link to an event that does not exist yet."""
        return ExportLink(
            tenant=self.booking.tenant,
            connection=self.connection.id,
            booking=self.booking.id,
            calendar=target.key,
            calendar_id=target.provider_id,
            event_id=event_id(
                self.ports.keys, tenant=self.booking.tenant, booking=self.booking.id, epoch=epoch
            ),
            epoch=epoch,
            state=LinkState.PENDING,
            written=mirroring.traces(before),
            attempts=before.attempts if before else 0,
            error=None if mirroring.may_invite(before) else mirroring.WITHOUT_ATTENDEE,
            version=before.version if before else None,
        )

    def draft(self, link: ExportLink, *, changed: bool = True) -> EventDraft:
        """The event as it shall look; a mail is asked for only where the booking itself has ``changed``."""
        tenant, name = self.booking.tenant, self.booking.id
        token = manage_token(self.ports, tenant=tenant, booking=name)
        page = self.ports.tuning.manage_url
        mirror = drafts.Mirror(
            event_id=link.event_id,
            epoch=link.epoch,
            manage_link=manage.link(page, tenant=tenant, booking=name, token=token),
            notify=self.notify and changed,
            with_attendee=self._may_invite(link, changed=changed),
            may_accept=self._abilities.accepts_for_guests,
        )
        settings = self.connection.settings.exports
        return drafts.draft(
            self.booking, mirror, service=self.service, resource=self.resource, settings=settings
        )

    def bound(self, link: ExportLink) -> bool:
        """Whether the event has a guest whom the provider mails about whatever is done to it."""
        return not self._abilities.silent_guests and invited(link.written)

    def _may_invite(self, link: ExportLink, *, changed: bool) -> bool:
        """Whether the customer may be on the event; where nobody can be silent, only with a mail that is due.

        https://learn.microsoft.com/graph/api/user-post-events (invitations can't be configured)
        """
        if not mirroring.may_invite(link):
            return False
        if self._abilities.silent_guests or invited(link.written):
            return True
        return self.connection.settings.exports.notify and self.notify and changed

    @property
    def _abilities(self) -> Abilities:
        return self.ports.providers[self.connection.provider].calendar.abilities

    def save(self, link: ExportLink) -> ExportLink:
        """Remember a link; raises Conflict where somebody else changed it meanwhile."""
        return self.ports.bookings.save_link(link)

    def alive(self, link: ExportLink, ref: EventRef, draft: EventDraft) -> ExportLink:
        """Remember that the event is as ``draft`` says."""
        return self.save(
            replace(
                mirroring.written(link, fingerprint(draft)),
                state=LinkState.LIVE,
                event_id=ref.id,
                revision=self.booking.revision,
                etag=ref.etag,
                updated=ref.updated,
                missing_since=None,
                error=None if mirroring.may_invite(link) else link.error,
            )
        )

    def read(self, link: ExportLink) -> ExternalEvent | None:
        """The event as it is now, if it is there and really ours."""
        found = self.call(
            lambda provider, token: provider.get_event(
                token, self.place(link), link.event_id, detail=Detail.FULL
            )
        )
        if isinstance(found, Gone) or found.cancelled:
            return None
        return found if marker_of(self.ports.keys, link.tenant, found) else None

    def sent(
        self, link: ExportLink, draft: EventDraft, send: Callable[[EventDraft], T]
    ) -> tuple[ExportLink, EventDraft, T]:
        """Send a draft; where the account may invite nobody any more, send it without the customer.

        Writes with attendees use up a limit of their own, even where nobody is mailed. People are told once.
        """
        try:
            return link, draft, send(draft)
        except UsageExhausted:
            if draft.attendee is None:
                raise
        link = replace(link, error=mirroring.WITHOUT_ATTENDEE)
        lesser = self.draft(link)
        link = self.save(mirroring.written(link, fingerprint(lesser)))
        self.tell(mirroring.WITHOUT_ATTENDEE)
        if draft.notify:
            # The provider was to mail the customer and cannot: a mail of our own takes its place.
            entry = mail_instead(self.booking, now=self.ports.clock.now())
            self.ports.ledger.put_outbox(entry)
            announce(self.ports, [entry])
        return link, lesser, send(lesser)

    def tell(self, cause: str) -> None:
        """Tell people once per connection, cause and choice of settings that exports do not go as wished."""
        version = self.connection.settings.version
        self.ports.ledger.tell(
            Notice(
                id=f"export-{self.connection.id}-{cause}-{version}",
                tenant=self.connection.tenant,
                kind=NoticeKind.EXPORT_STOPPED,
                at=self.ports.clock.now(),
                connection=self.connection.id,
            )
        )
