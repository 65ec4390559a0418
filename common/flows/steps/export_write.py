"""Brings the provider event of a booking in line with the booking; safe to repeat at any point."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.domain.account import Connection
from common.domain.booking import Booking
from common.domain.importing import export_target
from common.domain.mirroring import Outcome, Result, Step, next_step
from common.domain.work import Lane
from common.errors import CalendarGone, Forbidden, UsageExhausted
from common.flows.steps.export_ends import park, pause, remove, resume, retire, search
from common.flows.steps.export_events import create, move, resolve, update
from common.flows.steps.export_job import COST_OF_PATCH, Job
from common.flows.steps.export_target import target_of
from common.flows.steps.turns import turn
from common.ports import Ports


def write(ports: Ports, connection: Connection, booking: Booking, *, notify: bool, lane: Lane) -> Outcome:
    """Make, change, move or remove the event of ``booking``; one write at a time per calendar.

    Args:
        ports: The outside.
        connection: Where the booking is mirrored.
        booking: The booking as it is now.
        notify: Whether the customer may be mailed, where the settings want it; never for a back-fill.
        lane: Whose share of the limits is used.

    Raises:
        Retry: It does not work now; trying again does nothing twice.
        GrantRevoked: The account must be connected again.
    """
    paused = _paused_until(connection)
    if paused and paused > ports.clock.now():
        return Outcome(Result.PARKED, paused, connection.error)
    service = ports.catalogue.service(booking.tenant, booking.service)
    resource = ports.catalogue.resource(booking.tenant, booking.resource)
    job = Job(ports, connection, booking, service, resource, notify=notify, lane=lane)
    known = export_target(connection)
    with turn(ports, "export", connection.provider, known.provider_id if known else connection.id):
        try:
            outcome = _written(job)
        except (Forbidden, CalendarGone) as refused:
            return park(job, refused.reason)
        except UsageExhausted as refused:
            return pause(job, refused.reason)
    if paused:
        resume(ports, connection.tenant, connection.id)
    return outcome


# Reading what became of a write, and writing it (again).
_COSTS = {Step.READ: 1 + COST_OF_PATCH, Step.MOVE: 2}


def _paused_until(connection: Connection) -> datetime | None:
    return connection.waiting_until if connection.error == UsageExhausted.code else None


def _written(job: Job) -> Outcome:
    link = job.ports.bookings.link(job.booking.tenant, job.connection.id, job.booking.id)
    if not job.connection.settings.exports.on:
        return retire(job, link)
    step = next_step(job.booking, link, target=None)
    if step is Step.NOTHING:
        return Outcome(Result.UNCHANGED)
    if link and step is Step.REMOVE:
        return remove(job, link)
    if link and step is Step.SEARCH:
        return search(job, link)
    connection, target = target_of(job.ports, job.connection, lane=job.lane)
    job = replace(job, connection=connection)
    # Made anew elsewhere, it would tell its guest that the appointment is cancelled: it stays where it is.
    place = link.calendar if link and job.bound(link) else target.key
    step = next_step(job.booking, link, target=place)
    if link and step is Step.UPDATE:
        return update(job, link)
    job = job.booking_units(_COSTS.get(step, 1))
    if link is None:
        return create(job, target, job.blank(target, epoch=0))
    if step is Step.READ:
        return resolve(job, target, link)
    if step is Step.MOVE:
        return move(job, target, link)
    anew = 1 if step is Step.CREATE_ANEW else 0
    return create(job, target, job.blank(target, epoch=link.epoch + anew, before=link))
