"""Writes a booking's event: makes it, finds it again after a lost answer, changes it, moves it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial
from typing import NoReturn

from common.domain import mirroring
from common.domain.account import CalendarEntry
from common.domain.booking import Changed, EventDraft, EventRef, ExportLink, IdTaken, LinkState
from common.domain.event import ExternalEvent, Gone
from common.domain.mirroring import Outcome, Result
from common.domain.ownership import ATTENDEE, REMINDER, TIME, fingerprint, seen, seen_fingerprint
from common.errors import Conflict, UnexpectedReply
from common.flows.steps.export_ends import clear_leftover, search, unseen
from common.flows.steps.export_job import COST_OF_PATCH, Job
from common.flows.steps.wakeups import wake_calendar

MOST_EPOCHS = 5


def create(job: Job, target: CalendarEntry, link: ExportLink, *, changed: bool = True) -> Outcome:
    """Write an event for the first time, under an id that belongs to this booking and epoch alone."""
    for _ in range(MOST_EPOCHS):
        draft = job.draft(link, changed=changed)
        link = job.save(mirroring.written(link, fingerprint(draft)))
        link, draft, answer = job.sent(link, draft, partial(_inserted, job, link))
        if isinstance(answer, EventRef):
            clear_leftover(job, job.alive(link, answer, draft))
            return Outcome(Result.WRITTEN)
        # The provider names the event by its own id, where it has one: found at once, even if shown late.
        found = job.read(replace(link, event_id=answer.id))
        if found:
            return adopt(job, link, found)
        if later := unseen(job, link):
            return later
        # The id is spent: a provider never gives the id of a deleted event free.
        link = job.blank(target, epoch=link.epoch + 1, before=link)
    raise UnexpectedReply("every id for this event is taken", code="ids_taken")


def _inserted(job: Job, link: ExportLink, draft: EventDraft) -> EventRef | IdTaken:
    return job.call(lambda provider, token: provider.create_event(token, job.place(link), draft))


def resolve(job: Job, target: CalendarEntry, link: ExportLink) -> Outcome:
    """A write whose answer was lost: the event itself says whether it went through."""
    found = job.read(link)
    if found:
        return adopt(job, link, found)
    if link.revision:
        # It had been there before: then its owner removed it.
        return search(job, link)
    if link.calendar != target.key and (later := unseen(job, link)):
        # Made in another calendar now, it might be there twice.
        return later
    blank = job.blank(target, epoch=link.epoch, before=link)
    return create(job, target, replace(blank, missing_since=link.missing_since))


def adopt(job: Job, link: ExportLink, event: ExternalEvent) -> Outcome:
    """An event of ours that is there already, in whatever state our last write left it."""
    # From here on by the provider's own id: by ours it may be found only later.
    link = replace(link, event_id=event.id)
    draft = job.draft(link, changed=job.booking.revision > link.revision)
    wanted = fingerprint(draft)
    changed = {name for name, value in seen_fingerprint(event).items() if wanted[name] != value}
    # What cannot be read back is sent again if nothing has arrived, or if it was meant otherwise then.
    nothing_arrived = link.etag is not None and event.etag == link.etag
    changed |= {
        name for name in (ATTENDEE, REMINDER) if nothing_arrived or link.written.get(name) != wanted[name]
    }
    if changed and _muted(job, link, draft, changed):
        return _left(job, seen(link, event))
    if changed:
        return _send(job, replace(link, etag=event.etag), frozenset(changed), before=link)
    clear_leftover(job, job.alive(link, EventRef(event.id, event.etag, event.updated), draft))
    return Outcome(Result.WRITTEN)


def update(job: Job, link: ExportLink) -> Outcome:
    """Change only what differs from what was written last; where nothing does, nothing is sent."""
    link = clear_leftover(job, link)
    draft = job.draft(link, changed=job.booking.revision > link.revision)
    wanted = fingerprint(draft)
    changed = frozenset(name for name, value in wanted.items() if link.written.get(name) != value)
    if changed and _muted(job, link, draft, changed):
        return _left(job, link)
    if changed:
        return _send(job, link, changed, before=link)
    if link.revision < job.booking.revision:
        job.save(replace(link, revision=job.booking.revision))
    return Outcome(Result.UNCHANGED)


def _muted(job: Job, link: ExportLink, draft: EventDraft, changed: AbstractSet[str]) -> bool:
    """Whether a change waits, because the guest would be mailed and nothing is due; times never wait."""
    return job.bound(link) and not draft.notify and TIME not in changed


def _left(job: Job, link: ExportLink) -> Outcome:
    """The event stays as it is until the booking's next change."""
    job.save(replace(link, state=LinkState.LIVE, revision=job.booking.revision))
    return Outcome(Result.UNCHANGED)


def move(job: Job, target: CalendarEntry, link: ExportLink) -> Outcome:
    """Make the event in the calendar that is wanted now, then remove it where it was, mailing nobody twice.

    In this order, and remembered beforehand: an own event that vanishes while it is the booking's only one
    would look as if its owner had deleted it.
    """
    link = clear_leftover(job, link)
    fresh = mirroring.with_leftover(job.blank(target, epoch=link.epoch + 1, before=link), link)
    return create(job, target, fresh, changed=job.booking.revision > link.revision)


def _send(job: Job, link: ExportLink, changed: frozenset[str], *, before: ExportLink) -> Outcome:
    newer = job.booking.revision > link.revision
    draft = job.draft(link, changed=newer)
    # A wrong time would be worse than a mail that cannot be helped.
    draft = replace(draft, notify=draft.notify or job.bound(link))
    link = job.save(replace(mirroring.written(link, fingerprint(draft)), state=LinkState.PENDING))
    link, draft, answer = _sent(job, link, draft, changed)
    etag_is_ours = True
    if isinstance(answer, Changed):
        if not newer:
            _let_sync_judge(job, replace(before, version=link.version))
        # The booking changed later than its event: its changed fields overrule the owner's, no others.
        event, etag_is_ours = job.read(link), False
        answer = _patched(job, link, draft, changed, event.etag) if event else Gone(link.event_id)
    if isinstance(answer, Changed):
        raise Conflict("the event keeps changing", code="event_busy", retry_after=2)
    if isinstance(answer, Gone):
        return search(job, link)
    # Without an etag the sync compares contents, and finds what the owner changed besides.
    clear_leftover(job, job.alive(link, answer if etag_is_ours else replace(answer, etag=None), draft))
    return Outcome(Result.WRITTEN)


def _sent(
    job: Job, link: ExportLink, draft: EventDraft, changed: frozenset[str]
) -> tuple[ExportLink, EventDraft, EventRef | Gone | Changed]:
    if ATTENDEE not in changed:
        return link, draft, _patched(job, link, draft, changed, link.etag)

    def send(wanted: EventDraft) -> EventRef | Gone | Changed:
        # An attendee that was refused is left out of the change, not taken off the event.
        fields = changed if wanted.attendee == draft.attendee else changed - {ATTENDEE}
        return _patched(job, link, wanted, fields, link.etag)

    return job.sent(link, draft, send)


def _patched(
    job: Job, link: ExportLink, draft: EventDraft, changed: frozenset[str], etag: str | None
) -> EventRef | Gone | Changed:
    return job.call(
        lambda provider, token: provider.update_event(
            token, job.place(link), link.event_id, draft, changed=changed, etag=etag
        ),
        units=COST_OF_PATCH,
    )


def _let_sync_judge(job: Job, before: ExportLink) -> NoReturn:
    """The event changed and the booking did not: what its owner did comes first."""
    job.save(before)
    wake_calendar(job.ports, job.connection, before.calendar, cause=f"export/{before.booking}/{before.etag}")
    raise Conflict("the event was changed by its owner", code="event_changed", retry_after=5)
