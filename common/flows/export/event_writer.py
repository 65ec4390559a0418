"""Writes, moves and removes the event that shows one booking in one connection's calendar."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn, TypeVar

from common.domain.booking import access
from common.domain.booking.booking import Booking
from common.domain.calendar.connection import CalendarEntry, CalendarRef, Connection
from common.domain.calendar.event import Detail, ExternalEvent, Gone
from common.domain.catalogue.records import Resource, Service
from common.domain.export import draft as drafts
from common.domain.export import exported_event
from common.domain.export.exported_event import (
    Changed,
    EventDraft,
    EventRef,
    ExportLink,
    ExportOutcome,
    ExportResult,
    IdTaken,
    Immovable,
    Leftover,
    LinkState,
    Part,
)
from common.domain.export.own_events import (
    ATTENDEE,
    REMINDER,
    TIME,
    attached,
    differing,
    fingerprint,
    has_guest,
    invited,
    seen,
    with_guests,
)
from common.domain.export.write_refusals import (
    FRESH_FOR,
    Operation,
    Stops,
    is_due,
    leave_out,
    next_state,
    next_try,
    part_to_leave_out,
    reaction_to,
    refused,
    without_parts,
)
from common.domain.notify import NoticeKind, booking_words, new_notice
from common.domain.shared.outbox import export_entry_id, replacement_mail_entry
from common.domain.shared.tasks import Lane, letter_id
from common.domain.sync.schedule import LONGEST_PAUSE, next_look
from common.errors import (
    CalendarGone,
    Conflict,
    Forbidden,
    PartRefused,
    SyncError,
    UnexpectedReply,
    UsageExhausted,
)
from common.flows.export.lost_events import (
    enqueue_searches,
    mark_missing,
    maybe_visible_until,
    require_visible,
)
from common.flows.shared.booking_access import manage_token
from common.flows.shared.calendar_access import reserve_requests
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import request_sync
from common.flows.shared.outbox import store_and_enqueue
from common.flows.shared.own_events import (
    BookingEvent,
    customer_addresses,
    delete_unless_shared,
    event_id,
    genuine_marker,
    id_to_delete,
    is_written_by_another,
    read_booking_event,
)
from common.flows.shared.tokens import authorized
from common.flows.sync.channels import ANY_ZONE, reference_for_removal
from common.mail_address import can_be_mailed
from common.ports import Ports
from common.ports.provider import Abilities, CalendarProvider

T = TypeVar("T")
# Google counts a PATCH as three requests:
# https://developers.google.com/workspace/calendar/api/v3/reference/events/patch
COST_OF_PATCH = 3


@dataclass(frozen=True, slots=True)
class LinkedEvent:
    """An exported event as it is now, with the link that leads to it."""

    link: ExportLink
    event: ExternalEvent


@dataclass(frozen=True, slots=True)
class BookingExport:
    """A booking and the connection whose calendar shows it, with what every write of its event needs.

    ``notify`` says whether the customer may be mailed, ``lane`` whose share of the rate limits is used, and
    ``booked`` that this share was reserved beforehand.
    """

    ports: Ports
    connection: Connection
    booking: Booking
    service: Service
    resource: Resource
    notify: bool
    lane: Lane
    booked: bool = False

    def booking_units(self, units: int) -> BookingExport:
        """Reserve ``units`` of the rate limits for all calls to come.

        If a job were held back between reading its event and writing it, it would start over each time
        and never come to write.
        """
        reserve_requests(self.ports, self.connection, units=units, lane=self.lane)
        return replace(self, booked=True)

    def call(self, exchange: Callable[[CalendarProvider, str], T], *, units: int = 1) -> T:
        """One exchange with the provider, counted against its limits."""
        if not self.booked:
            reserve_requests(self.ports, self.connection, units=units, lane=self.lane)
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
            written=exported_event.traces(before),
            attempts=before.attempts if before else 0,
            error=None if self._may_have_guest(before) else exported_event.WITHOUT_ATTENDEE,
            owner_guest=False if before and before.owner_guest is False else None,
            mailed=before.mailed if before else 0,
            left_out=before.left_out if before else {},
            refused=before.refused if before else None,
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
            manage_link=access.link(page, tenant=tenant, booking=name, token=token),
            notify=self.notify and changed,
            with_attendee=self._may_invite(link, changed=changed),
            may_accept=self._abilities.accepts_for_guests,
            longest_title=self._abilities.longest_title,
        )
        settings = self.connection.settings.exports
        if self._may_invite(link, changed=changed) and self._stays_guest(link):
            settings = replace(settings, attendee=True)
        draft = drafts.draft(
            self.booking, mirror, service=self.service, resource=self.resource, settings=settings
        )
        return without_parts(draft, link.left_out, self._part_keys)

    def bound(self, link: ExportLink) -> bool:
        """Whether the event has guests whom the provider mails about every change, wanted or not."""
        return not self._abilities.silent_guests and (has_guest(link) or link.others)

    @property
    def silent(self) -> bool:
        """Whether the provider lets events with guests be changed without a mail to them."""
        return self._abilities.silent_guests

    def _stays_guest(self, link: ExportLink) -> bool:
        """Whether the customer is a guest whatever the settings say by now.

        Where nobody can be silent, taking them off would tell them that the appointment is off.
        """
        return has_guest(link) and (link.keeps_guests or not self._abilities.silent_guests)

    def left_series(self, left: Leftover) -> bool:
        """Whether the guest of an older twin is mailed that it is off, because nobody can be silent there.

        Only a booking that had to leave its owner's series has a twin with a guest.
        """
        return left.series_id is not None and not self._abilities.silent_guests

    def _may_invite(self, link: ExportLink, *, changed: bool) -> bool:
        """Whether the customer may be on the event; where nobody can be silent, only with a mail that is due.

        https://learn.microsoft.com/graph/api/user-post-events (invitations can't be configured)
        """
        if not (self._may_have_guest(link) and can_be_mailed(self.booking.customer.email)):
            return False
        if link.keeps_guests:
            return has_guest(link)
        if self._abilities.silent_guests or has_guest(link):
            return True
        return self.connection.settings.exports.notify and self.notify and changed

    def _may_have_guest(self, link: ExportLink | None) -> bool:
        return exported_event.may_invite(link, guest=self._part_keys[Part.GUEST])

    @property
    def _part_keys(self) -> Mapping[Part, str]:
        settings = self.connection.settings.exports
        return drafts.part_keys(self.booking, zone=self.resource.zone, settings=settings)

    @property
    def _abilities(self) -> Abilities:
        return self.ports.providers[self.connection.provider].calendar.abilities

    def save(self, link: ExportLink) -> ExportLink:
        """Remember a link; raises Conflict where somebody else changed it meanwhile."""
        return self.ports.bookings.save_link(link)

    def alive(
        self,
        link: ExportLink,
        ref: EventRef,
        draft: EventDraft,
        *,
        sent: Collection[str],
        by_another: bool = False,
    ) -> ExportLink:
        """Remember that the event is as ``draft`` says, and whether its guest was mailed that.

        Of the fields that were ``sent`` the answer shows what became of them. A new event is unseen until its
        calendar shows it. Nobody was mailed by this write where the event was written ``by_another``
        connection before.
        """
        mailed = not by_another and draft.notify and draft.attendee is not None
        self.forget_refusal(link)
        return self.save(
            replace(
                exported_event.answered(link, fingerprint(draft), shown=ref.shown, sent=sent),
                state=LinkState.LIVE,
                event_id=ref.id,
                revision=self.booking.revision,
                etag=ref.etag,
                updated=ref.updated,
                ical_uid=ref.ical_uid or link.ical_uid,
                sequence=max(ref.sequence, link.sequence),
                missing_since=None,
                error=None if self._may_have_guest(link) else exported_event.WITHOUT_ATTENDEE,
                left_out={name: key for name, key in link.left_out.items() if name in draft.left_out},
                refused=None,
                unseen_since=self.ports.clock.now() if sent and link.etag is None else None,
                mailed=self.booking.revision if mailed else link.mailed,
            )
        )

    def forget_refusal(self, link: ExportLink) -> None:
        """Remove the outbox entry and the dead letter of a write that was given up and is done after all."""
        if link.refused is not None and link.refused.entry is not None:
            self.ports.ledger.done(link.refused.entry)
            self.ports.ledger.end_dead_letter(link.tenant, letter_id(link.tenant, link.refused.entry))

    def find(self, link: ExportLink) -> LinkedEvent | Gone:
        """The event as it is now, if it is really ours; of a series, the booking's own date.

        One that the provider calls deleted, and one that is somebody else's, is not there for certain.
        """
        found = read_booking_event(self.call, self.place(link), link.root_id)
        if isinstance(found, Gone):
            return found
        if isinstance(found.event, Gone):
            return found.event
        ours = genuine_marker(self.ports.keys, link.tenant, found.root) is not None
        if found.event.cancelled or not ours:
            return Gone(link.event_id, deleted=True)
        link = with_guests(attached(link, found.event), found.event, customer_addresses(self.booking))
        return LinkedEvent(link, found.event)

    def read(self, link: ExportLink) -> LinkedEvent | None:
        """The same; None where it is not there, or not found."""
        found = self.find(link)
        return found if isinstance(found, LinkedEvent) else None

    def sent(
        self, link: ExportLink, draft: EventDraft, send: Callable[[EventDraft], T]
    ) -> tuple[ExportLink, EventDraft, T]:
        """Send a draft; a part that is refused for good is left out, and the rest is sent without it.

        A notice says so once. Where the provider was to mail the customer, a mail of our own takes its place.
        """
        for _ in Part:
            try:
                return link, draft, send(draft)
            except (PartRefused, UsageExhausted) as refused:
                part = part_to_leave_out(refused, draft)
                # Nobody takes a guest off an event of theirs silently where providers mail about everything.
                bound = not self._abilities.silent_guests and (invited(link.written) or link.keeps_guests)
                if part is None or (part is Part.GUEST and bound):
                    raise
            if part is Part.GUEST and draft.notify:
                # The provider was to mail the customer and cannot: a mail of our own takes its place.
                words = booking_words(self.service, self.resource)
                entry = replacement_mail_entry(self.booking, words=words, now=self.ports.clock.now())
                store_and_enqueue(self.ports, [entry])
            link = leave_out(link, part, self._part_keys[part])
            draft = without_parts(draft, link.left_out, self._part_keys)
            link = self.save(exported_event.on_its_way(link, fingerprint(draft)))
            self.tell(_LEFT_OUT[part])
        return link, draft, send(draft)

    def made_by_another(self, link: ExportLink, draft: EventDraft) -> bool:
        """Whether a guest who was to be mailed was not, because another connection had written the event.

        Both accounts share its calendar: where it is there already, nothing is sent.
        """
        if not (draft.notify and draft.attendee):
            return False
        return _is_written_by_another(self, link)

    def tell(self, cause: str) -> None:
        """Notify people that exports do not work as they should: once for a cause and a settings version."""
        version = self.connection.settings.version
        self.ports.ledger.record_notice(
            new_notice(
                NoticeKind.EXPORT_STOPPED,
                tenant=self.connection.tenant,
                cause=f"{self.connection.id}-{cause}-{version}",
                at=self.ports.clock.now(),
                connection=self.connection.id,
            )
        )


_LEFT_OUT = {
    Part.GUEST: exported_event.WITHOUT_ATTENDEE,
    Part.ZONE: "without_zone",
    Part.REMINDER: "without_reminder",
}


def _is_written_by_another(job: BookingExport, link: ExportLink) -> bool:
    return is_written_by_another(job.ports, job.connection, link, revision=job.booking.revision)


MOST_EPOCHS = 5


def create_event(
    job: BookingExport, target: CalendarEntry, link: ExportLink, *, changed: bool = True
) -> ExportOutcome:
    """Write an event for the first time, under an id that belongs to this booking and epoch alone."""
    for _ in range(MOST_EPOCHS):
        draft = job.draft(link, changed=changed)
        link = job.save(exported_event.on_its_way(link, fingerprint(draft)))
        link, draft, answer = job.sent(link, draft, partial(_insert, job, link))
        uid = answer.ical_uid if isinstance(answer, EventRef) else None
        there = replace(link, event_id=answer.id, ical_uid=uid)
        if job.made_by_another(there, draft):
            # Whose guests it has is seen only now.
            link = replace(link, state=LinkState.LIVE)
        elif isinstance(answer, EventRef):
            delete_old_copy(job, job.alive(link, answer, draft, sent=fingerprint(draft)))
            return ExportOutcome(ExportResult.WRITTEN)
        # The provider names the event by its own id, where it has one: found at once, even if shown late.
        found = job.find(replace(link, event_id=answer.id))
        if isinstance(found, LinkedEvent):
            return take_over_event(job, found.link, found.event)
        if not found.deleted and (later := wait_until_visible(job, link)):
            return later
        # The id is spent: a provider never gives the id of a deleted event free.
        link = job.blank(target, epoch=link.epoch + 1, before=link)
    raise UnexpectedReply("every id for this event is taken", code="ids_taken")


def _insert(job: BookingExport, link: ExportLink, draft: EventDraft) -> EventRef | IdTaken:
    return job.call(lambda provider, token: provider.create_event(token, job.place(link), draft))


def read_unanswered_write(job: BookingExport, target: CalendarEntry, link: ExportLink) -> ExportOutcome:
    """Find out whether a write went through whose answer was lost: the event itself shows it."""
    found = job.read(link)
    if found:
        return take_over_event(job, found.link, found.event)
    if link.revision:
        # It had been there before: then its owner removed it.
        return search_event(job, link)
    if link.calendar != target.key and (later := wait_until_visible(job, link)):
        # Made in another calendar now, it might be there twice.
        return later
    blank = job.blank(target, epoch=link.epoch, before=link)
    return create_event(job, target, replace(blank, missing_since=link.missing_since))


def take_over_event(job: BookingExport, link: ExportLink, event: ExternalEvent) -> ExportOutcome:
    """Go on with an event of ours that is there already, in whatever state our last write left it."""
    # From here on by the provider's own id: by ours it may be found only later.
    link = replace(link, event_id=event.id)
    draft = job.draft(link, changed=job.booking.revision > link.revision)
    wanted = fingerprint(draft)
    changed = differing(link, event, wanted)
    # What cannot be read back is sent again if nothing has arrived, or if it was meant otherwise then.
    nothing_arrived = link.etag is not None and event.etag == link.etag
    changed |= {
        name for name in (ATTENDEE, REMINDER) if nothing_arrived or link.sent.get(name) != wanted[name]
    }
    changed = _without_owners_guests(link, changed)
    if changed and _waits_for_mail(job, link, draft, changed):
        return _leave_as_is(job, seen(link, event))
    if changed:
        return _send_changes(job, replace(link, etag=event.etag), changed, before=link)
    ref, by_another = EventRef(event.id, event.etag, event.updated), job.made_by_another(link, draft)
    delete_old_copy(job, job.alive(link, ref, draft, sent=(), by_another=by_another))
    return ExportOutcome(ExportResult.WRITTEN)


def update_event(job: BookingExport, link: ExportLink) -> ExportOutcome:
    """Change only what differs from what was written last; where nothing does, nothing is sent."""
    link = delete_old_copy(job, link)
    draft = job.draft(link, changed=job.booking.revision > link.revision)
    wanted = fingerprint(draft)
    changed = _without_owners_guests(
        link, {name for name, value in wanted.items() if link.written.get(name) != value}
    )
    if changed and _waits_for_mail(job, link, draft, changed):
        return _leave_as_is(job, link)
    if changed:
        return _send_changes(job, link, changed, before=link)
    if link.revision < job.booking.revision:
        job.save(replace(link, revision=job.booking.revision))
    return ExportOutcome(ExportResult.UNCHANGED)


def _without_owners_guests(link: ExportLink, changed: AbstractSet[str]) -> frozenset[str]:
    """What is sent of what differs: the guests are not, where the owner chose them."""
    return frozenset(changed - {ATTENDEE} if link.keeps_guests else changed)


def _waits_for_mail(
    job: BookingExport, link: ExportLink, draft: EventDraft, changed: AbstractSet[str]
) -> bool:
    """Whether a change waits, because the guest would be mailed and nothing is due; times never wait."""
    return job.bound(link) and not draft.notify and TIME not in changed


def _leave_as_is(job: BookingExport, link: ExportLink) -> ExportOutcome:
    """The event stays as it is until the booking's next change."""
    job.save(replace(link, state=LinkState.LIVE, revision=job.booking.revision))
    return ExportOutcome(ExportResult.UNCHANGED)


def move_event(job: BookingExport, target: CalendarEntry, link: ExportLink) -> ExportOutcome:
    """Make the event in the calendar that is wanted now, then remove it where it was, mailing nobody twice.

    In this order, and remembered beforehand: an own event that vanishes while it is the booking's only one
    would look as if its owner had deleted it.
    """
    link = delete_old_copy(job, link)
    fresh = exported_event.with_leftover(job.blank(target, epoch=link.epoch + 1, before=link), link)
    return create_event(job, target, fresh, changed=job.booking.revision > link.revision)


def _send_changes(
    job: BookingExport, link: ExportLink, changed: frozenset[str], *, before: ExportLink
) -> ExportOutcome:
    newer = job.booking.revision > link.revision
    if link.etag is None and (found := job.read(link)):
        # Without the state that we know nothing would keep a series from being changed as a whole.
        link, before = replace(found.link, etag=found.event.etag), found.link
    draft = _with_mail(job, link, job.draft(link, changed=newer))
    link = job.save(exported_event.on_its_way(link, fingerprint(draft)))
    link, sent_draft, answer = job.sent(link, draft, lambda wanted: _send(job, link, draft, wanted, changed))
    changed, draft = _fields(link, draft, sent_draft, changed), sent_draft
    etag_is_ours = True
    if isinstance(answer, Changed):
        if not newer:
            _let_sync_decide(job, replace(before, version=link.version))
        # The booking changed later than its event: its changed fields overrule the owner's, no others.
        found, etag_is_ours = job.read(before), False
        if found:
            link = replace(
                found.link,
                sending=link.sending,
                left_out=link.left_out,
                state=link.state,
                version=link.version,
            )
            _mail_whom_the_owner_took_off(job, before, found.link)
        # Its owner may have taken the customer off the event, whom the provider then does not mail.
        draft = _with_mail(job, link, job.draft(link, changed=newer))
        answer = Gone(link.event_id)
        if found:
            draft, answer = _write_over(job, link, draft, changed, found.event)
    if isinstance(answer, Changed):
        raise Conflict("the event keeps changing", code="event_busy", retry_after=2)
    if isinstance(answer, Immovable):
        return _leave_series(job, link)
    if isinstance(answer, Gone):
        return _search_or_repeat(job, replace(before, version=link.version))
    # Without an etag the sync compares contents, and finds what the owner changed besides.
    ref = answer if etag_is_ours else replace(answer, etag=None)
    delete_old_copy(job, job.alive(link, ref, draft, sent=changed))
    return ExportOutcome(ExportResult.WRITTEN)


def _write_over(
    job: BookingExport, link: ExportLink, draft: EventDraft, changed: frozenset[str], event: ExternalEvent
) -> tuple[EventDraft, EventRef | Gone | Changed | Immovable]:
    """Send what an event that others changed does not show yet; the draft as it was sent, and the answer."""
    unseen = {ATTENDEE, REMINDER, *differing(link, event, fingerprint(draft))}
    left = _without_owners_guests(link, changed & unseen)
    if left:
        return draft, _patch(job, link, draft, left, event.etag)
    # Another connection wrote the same already, into a calendar that both share.
    return replace(draft, notify=False), EventRef(event.id, event.etag, event.updated)


def _mail_whom_the_owner_took_off(job: BookingExport, before: ExportLink, now: ExportLink) -> None:
    """Mail a customer who was to be mailed as a guest, and turns out to be none any more."""
    # Whoever only deletes events mails nobody.
    from common.flows.notify.delivery import mail_instead  # noqa: PLC0415

    if has_guest(before) and not has_guest(now):
        mail_instead(job.ports, job.connection, job.booking)


def _with_mail(job: BookingExport, link: ExportLink, draft: EventDraft) -> EventDraft:
    """The draft with the mail that cannot be helped: a wrong time would be worse."""
    return replace(draft, notify=draft.notify or job.bound(link))


def _search_or_repeat(job: BookingExport, before: ExportLink) -> ExportOutcome:
    """Nothing was written, because the event was not found: what was written before it is still true.

    An event that a read finds all the same is written again; any other one is searched for.
    """
    if job.read(before):
        job.save(before)
        raise _not_found_once()
    return search_event(job, before)


def _not_found_once() -> Conflict:
    return Conflict("an event that is there was not found", code="event_unseen", retry_after=5)


def _leave_series(job: BookingExport, link: ExportLink) -> ExportOutcome:
    """Give the booking an event of its own again, and take its date out of the owner's series.

    https://learn.microsoft.com/graph/api/event-update: no date of a series can pass its neighbours
    """
    entry = job.connection.calendars.get(link.calendar)
    if entry is None:
        raise CalendarGone("the calendar of the event is not listed any more", code="no_target")
    return move_event(job, entry, link)


def _send(
    job: BookingExport, link: ExportLink, draft: EventDraft, wanted: EventDraft, changed: frozenset[str]
) -> EventRef | Gone | Changed | Immovable:
    return _patch(job, link, wanted, _fields(link, draft, wanted, changed), link.etag)


def _fields(
    link: ExportLink, draft: EventDraft, wanted: EventDraft, changed: frozenset[str]
) -> frozenset[str]:
    """The fields to send: a guest who was refused is taken off the event, or not put on it."""
    if wanted.attendee == draft.attendee:
        return changed
    return changed | {ATTENDEE} if invited(link.written) else changed - {ATTENDEE}


def _patch(
    job: BookingExport, link: ExportLink, draft: EventDraft, changed: frozenset[str], etag: str | None
) -> EventRef | Gone | Changed | Immovable:
    return job.call(
        lambda provider, token: provider.update_event(
            token, job.place(link), link.event_id, draft, changed=changed, etag=etag
        ),
        units=COST_OF_PATCH,
    )


def _let_sync_decide(job: BookingExport, before: ExportLink) -> NoReturn:
    """The event changed and the booking did not: what its owner did comes first."""
    job.save(before)
    request_sync(
        job.ports,
        tenant=job.connection.tenant,
        connection=job.connection.id,
        calendar=before.calendar,
        cause=f"export/{before.booking}/{before.etag}",
    )
    raise Conflict("the event was changed by its owner", code="event_changed", retry_after=5)


SEARCH_WAIT = timedelta(minutes=2)


def remove_event(job: BookingExport, link: ExportLink) -> ExportOutcome:
    """Delete a booking's event where it is now; guests of a cancelled booking are mailed by the provider."""
    written = link.state not in {LinkState.GONE, LinkState.FAILED}
    place = _where_it_is(job, link) if written else _Place(None, proven=True)
    ended = not job.booking.active
    # What another connection of ours has deleted is not looked for.
    by_us = place.link is None and ended and _is_written_by_another(job, link)
    if place.link is None and not by_us and (later := _look_again(job, link, place)):
        return later
    known = place.link or link
    _mail_whom_the_owner_took_off(job, link, known)
    notify = (ended and job.draft(known).notify and link.revision > 0) or job.bound(known)
    if place.link is not None and ended:
        _delete(job, place.link, notify=notify)
    elif place.link is not None:
        delete = partial(_delete, job, place.link, notify=notify)
        delete_unless_shared(job.ports, job.connection, place.link, delete)
    link = delete_old_copy(job, link)
    job.forget_refusal(link)
    # An active booking's event is made anew where exports are switched on again.
    revision = 0 if job.booking.active else job.booking.revision
    # One that was not there any more has been deleted by our unanswered call, or by its owner, who was asked.
    told = written and ended and notify and has_guest(known) and not by_us
    mailed = job.booking.revision if told else link.mailed
    gone = replace(link, state=LinkState.GONE, revision=revision, missing_since=None, mailed=mailed)
    job.save(replace(gone, refused=None))
    return ExportOutcome(ExportResult.REMOVED)


def with_guests_who_are_mailed(job: BookingExport, link: ExportLink) -> ExportLink | None:
    """The link of an event that cannot go in silence, because somebody is a guest of it; else None."""
    if job.silent or job.bound(link):
        return None if job.silent else link
    # Its owner may have invited somebody whom we have not seen yet.
    found = job.read(link)
    return found.link if found and job.bound(found.link) else None


def _delete(job: BookingExport, there: ExportLink, *, notify: bool) -> None:
    """Delete an event that was found a moment ago.

    Raises:
        Conflict: It was not found this time, which proves nothing.
    """
    answer = job.call(
        lambda provider, token: provider.delete_event(token, job.place(there), there.event_id, notify=notify)
    )
    if isinstance(answer, Gone):
        raise _not_found_once()


def _look_again(job: BookingExport, link: ExportLink, place: _Place) -> ExportOutcome | None:
    """Put a removal off while an event that was not found may be there; None where it is gone.

    Where a calendar in which it may be does not answer, that takes a day: then it is left there, if at all.
    """
    if place.proven:
        return None
    now = job.ports.clock.now()
    since = link.missing_since or now
    if place.answered or now - since >= LONGEST_PAUSE:
        return wait_until_visible(job, link)
    job.save(replace(link, missing_since=since))
    return ExportOutcome(ExportResult.SEARCHING, next_look(since, now), "event_unseen")


def remove_if_outdated(job: BookingExport, link: ExportLink | None) -> ExportOutcome:
    """Exports are off: nothing is written, and what was written stays for as long as it is true.

    The event of a booking that was cancelled is removed, and so is one at a time that is not the booking's
    any more, unless its guest would read that the appointment is off.
    """
    if link is None or link.state is LinkState.GONE:
        return ExportOutcome(ExportResult.UNCHANGED)
    if job.booking.active:
        true = link.sent.get(TIME) == fingerprint(job.draft(link))[TIME]
        if true or with_guests_who_are_mailed(job, link):
            return ExportOutcome(ExportResult.UNCHANGED)
    return remove_event(job, link)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an event is, and whether every calendar in which it may be has answered.

    ``proven`` says that it is nowhere for certain: the provider calls it deleted, and it can be nowhere else.
    """

    link: ExportLink | None
    answered: bool = True
    proven: bool = False


def _where_it_is(job: BookingExport, link: ExportLink) -> _Place:
    """Find the event; its owner may just have moved it to another calendar, where it keeps its id."""
    found = job.find(link)
    if isinstance(found, LinkedEvent):
        return _Place(found.link)
    answered, proven = True, found.deleted
    for key, entry in sorted(job.connection.calendars.items()):
        if key == link.calendar or not entry.writable:
            continue
        proven = False
        try:
            there = job.read(replace(link, calendar=key, calendar_id=entry.provider_id))
        except (Forbidden, CalendarGone):
            answered = False
        else:
            if there:
                return _Place(there.link)
    return _Place(None, answered, proven)


def delete_old_copy(job: BookingExport, link: ExportLink) -> ExportLink:
    """Delete the old copy of an event that was moved to another calendar, without mailing anybody."""
    left = exported_event.leftover(link)
    if left is None:
        return link
    entry = job.connection.calendars.get(left.calendar)
    if entry:
        # The provider's own id is known there at once; what we chose may be found only later.
        old_id = left.event_id or event_id(
            job.ports.keys, tenant=link.tenant, booking=link.booking, epoch=left.epoch
        )
        old = replace(
            link,
            calendar=left.calendar,
            calendar_id=entry.provider_id,
            event_id=old_id,
            series_id=left.series_id,
            ical_uid=left.ical_uid,
        )
        try:
            # Read first: its owner may have made a series of it, whose other dates stay.
            found = read_booking_event(job.call, job.place(old), old.root_id, detail=Detail.TIMES)
            if gone := id_to_delete(old, found):
                delete_unless_shared(
                    job.ports,
                    job.connection,
                    old,
                    partial(_delete_old, job, old, gone, found, notify=job.left_series(left)),
                )
        except (Forbidden, CalendarGone) as refused:
            # A calendar that is out of reach must not keep the booking from its new one.
            job.ports.log.warning(
                "old_event_left", tenant=link.tenant, connection=link.connection, code=refused.reason
            )
    return job.save(exported_event.without_leftover(link))


def _delete_old(
    job: BookingExport, old: ExportLink, name: str, found: BookingEvent | Gone, *, notify: bool
) -> None:
    """Delete what was found of an old copy.

    Raises:
        Conflict: It was not found this time, which proves nothing.
    """
    answer = job.call(
        lambda provider, token: provider.delete_event(token, job.place(old), name, notify=notify)
    )
    if isinstance(answer, Gone) and not isinstance(found, Gone):
        raise _not_found_once()


def wait_until_visible(job: BookingExport, link: ExportLink) -> ExportOutcome | None:
    """Put the export off where an event that the provider does not show yet may be there all the same."""
    until = maybe_visible_until(job.ports, job.connection, link)
    return ExportOutcome(ExportResult.SEARCHING, until, "event_unseen") if until else None


def search_event(job: BookingExport, link: ExportLink) -> ExportOutcome:
    """The event is not where it was: queue a search for it before anything is concluded."""
    enqueue_searches(job.ports, job.connection, (mark_missing(job.ports, link),))
    return ExportOutcome(ExportResult.SEARCHING, job.ports.clock.now() + SEARCH_WAIT, "event_missing")


def wait_after_refusal(job: BookingExport, operation: Operation, error: SyncError) -> ExportOutcome:
    """Put a refused write off, as the table of refusals says; people are told where it lasts.

    Raises:
        SyncError: The same one, where it concerns the task and not the event, or the queue tries again.
    """
    now = job.ports.clock.now()
    link = job.ports.bookings.link(job.booking.tenant, job.connection.id, job.booking.id)
    before = link.refused if link else None
    own = link is not None and link.calendar == job.connection.dedicated_calendar
    fresh = own and (before is None or now - before.since < FRESH_FOR)
    reaction = reaction_to(operation, error, fresh=fresh)
    if reaction is None or (link is None and reaction.queued):
        raise error
    refusal = refused(before, error.reason, revision=job.booking.revision, now=now)
    # Without a link nothing counts the tries.
    due = link is None or is_due(reaction.told_after, refusal, now=now)
    if due and reaction.told_after is not None:
        day = f"-{now:%Y%m%d}" if reaction.stops is Stops.CREATIONS else ""
        job.tell(f"{refusal.code}{day}")
    given_up = link is not None and is_due(reaction.given_up_after, refusal, now=now)
    if link:
        if given_up:
            entry = export_entry_id(job.booking, job.connection.id)
            if refusal.entry != entry:
                job.forget_refusal(link)
            refusal = replace(refusal, entry=entry)
        job.save(next_state(link, refusal, error))
    if refusal.tries <= reaction.queued:
        raise error
    until = next_try(reaction, refusal, now=now)
    if reaction.stops is Stops.CREATIONS:
        _pause_creations(job, until)
    return ExportOutcome(
        ExportResult.PARKED,
        until,
        error.reason,
        alone=reaction.stops is Stops.ITEM,
        given_up=given_up,
        attempts=refusal.tries,
    )


def _pause_creations(job: BookingExport, until: datetime) -> None:
    """The account's own limit is used up: no event is made for hours, and that is shown."""
    update_connection(
        job.ports,
        job.connection.tenant,
        job.connection.id,
        lambda current: replace(current, waiting_until=until, error=UsageExhausted.code),
    )


def end_quota_wait(ports: Ports, tenant: str, connection: str) -> None:
    """Remember that the account's limit for writes allows them again."""
    update_connection(
        ports,
        tenant,
        connection,
        lambda current: (
            replace(current, waiting_until=None, error=None)
            if current.error == UsageExhausted.code
            else current
        ),
    )


def delete_exported_event(ports: Ports, connection: Connection, link: ExportLink) -> bool:
    """Delete the event; False where the calendar is closed to us, so that it had to be left.

    Raises:
        Conflict: It is not shown yet and may be there all the same.
    """
    entry = connection.calendars.get(link.calendar)
    calendar = (
        reference_for_removal(ports, connection, entry)
        if entry
        else CalendarRef(link.calendar_id, zone=ANY_ZONE)
    )
    provider = ports.providers[connection.provider].calendar

    def exchange(call: Callable[[CalendarProvider, str], T]) -> T:
        reserve_requests(ports, connection, units=1, lane=Lane.BACKFILL)
        return authorized(ports, connection, lambda token: call(provider, token))

    try:
        require_visible(ports, connection, link, calendar)
        # Read first: its owner may have made a series of it, whose other dates stay.
        found = read_booking_event(exchange, calendar, link.root_id, detail=Detail.TIMES)
        if gone := id_to_delete(link, found):
            answer = exchange(
                lambda calendars, token: calendars.delete_event(token, calendar, gone, notify=False)
            )
            if isinstance(answer, Gone) and not isinstance(found, Gone):
                raise _not_found_once()
    except CalendarGone:
        return True
    except Forbidden:
        return False
    return True
