"""Ends of an export other than a written event: removed, searched for, parked until later."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from common.domain import mirroring
from common.domain.booking import ExportLink, LinkState
from common.domain.mirroring import Outcome, Result
from common.domain.ownership import TIME, fingerprint
from common.errors import CalendarGone, Forbidden, UsageExhausted
from common.flows.steps import missing
from common.flows.steps.amending import amend
from common.flows.steps.export_job import Job
from common.flows.steps.own_events import event_id
from common.ports import Ports

PARKED_FOR = timedelta(hours=1)
EXHAUSTED_FOR = timedelta(hours=6)
SEARCHED_FOR = timedelta(minutes=2)


def remove(job: Job, link: ExportLink) -> Outcome:
    """Delete a booking's event where it is now; who was invited to one that was cancelled is told."""
    written = link.state not in {LinkState.GONE, LinkState.FAILED}
    there = _where_it_is(job, link) if written else None
    if written and there is None and (later := unseen(job, link)):
        return later
    if there:
        ended = not job.booking.active
        notify = (ended and job.draft(link).notify and link.revision > 0) or job.bound(link)
        job.call(
            lambda provider, token: provider.delete_event(
                token, job.place(there), there.event_id, notify=notify
            )
        )
    link = clear_leftover(job, link)
    # An active booking's event is made anew where exports are switched on again.
    revision = 0 if job.booking.active else job.booking.revision
    job.save(replace(link, state=LinkState.GONE, revision=revision, missing_since=None))
    return Outcome(Result.REMOVED)


def retire(job: Job, link: ExportLink | None) -> Outcome:
    """Exports are off: nothing is written, and what was written stays for as long as it is true.

    The event of a booking that was cancelled is removed, and so is one at a time that is not the booking's
    any more, unless its guest would read that the appointment is off.
    """
    if link is None or link.state is LinkState.GONE:
        return Outcome(Result.UNCHANGED)
    if job.booking.active:
        true = link.written.get(TIME) == fingerprint(job.draft(link))[TIME]
        if true or job.bound(link):
            return Outcome(Result.UNCHANGED)
    return remove(job, link)


def _where_it_is(job: Job, link: ExportLink) -> ExportLink | None:
    """Its owner may have moved the event to another calendar a moment ago; it keeps its id there."""
    if job.read(link):
        return link
    for key, entry in sorted(job.connection.calendars.items()):
        moved = replace(link, calendar=key, calendar_id=entry.provider_id)
        # A calendar that is gone or closed since it was listed: nobody can have moved anything there.
        with suppress(Forbidden, CalendarGone):
            if key != link.calendar and entry.writable and job.read(moved):
                return moved
    return None


def clear_leftover(job: Job, link: ExportLink) -> ExportLink:
    """Remove the older twin of an event that moved to another calendar, silently."""
    left = mirroring.leftover(link)
    if left is None:
        return link
    entry = job.connection.calendars.get(left.calendar)
    if entry:
        # The provider's own id is known there at once; what we chose may be found only later.
        old_id = left.event_id or event_id(
            job.ports.keys, tenant=link.tenant, booking=link.booking, epoch=left.epoch
        )
        old = replace(link, calendar=left.calendar, calendar_id=entry.provider_id)
        try:
            job.call(
                lambda provider, token: provider.delete_event(token, job.place(old), old_id, notify=False)
            )
        except (Forbidden, CalendarGone) as refused:
            # A calendar that is out of reach must not keep the booking from its new one.
            job.ports.log.warning(
                "old_event_left", tenant=link.tenant, connection=link.connection, code=refused.reason
            )
    return job.save(mirroring.without_leftover(link))


def unseen(job: Job, link: ExportLink) -> Outcome | None:
    """The same once more later, where an event that is not shown may be there all the same."""
    until = missing.unseen_until(job.ports, job.connection, link)
    return Outcome(Result.SEARCHING, until, "event_unseen") if until else None


def search(job: Job, link: ExportLink) -> Outcome:
    """The event is not where it was: it is looked for before anything is concluded."""
    missing.look_for(job.ports, job.connection, (missing.noted(job.ports, link),))
    return Outcome(Result.SEARCHING, job.ports.clock.now() + SEARCHED_FOR, "event_missing")


def park(job: Job, reason: str) -> Outcome:
    """The calendar refuses for good: the promise waits, the owner is told once, the booking stays."""
    link = job.ports.bookings.link(job.booking.tenant, job.connection.id, job.booking.id)
    if link and link.state is LinkState.PENDING and not link.revision:
        job.save(replace(link, state=LinkState.FAILED, error=reason))
    job.tell(reason)
    return Outcome(Result.PARKED, job.ports.clock.now() + PARKED_FOR, reason)


def pause(job: Job, reason: str) -> Outcome:
    """The account's own limit for writes is used up: nothing more is written for hours, and that is shown."""
    now = job.ports.clock.now()
    until = now + EXHAUSTED_FOR
    amend(
        job.ports,
        job.connection.tenant,
        job.connection.id,
        lambda current: replace(current, waiting_until=until, error=UsageExhausted.code),
    )
    job.tell(f"{reason}-{now:%Y%m%d}")
    return Outcome(Result.PARKED, until, reason)


def resume(ports: Ports, tenant: str, connection: str) -> None:
    """Writing works again."""
    amend(
        ports,
        tenant,
        connection,
        lambda current: (
            replace(current, waiting_until=None, error=None)
            if current.error == UsageExhausted.code
            else current
        ),
    )
