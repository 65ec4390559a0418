"""Decides whether one time can be sold, with the engine that lists, before and after asking the calendars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.domain.catalogue import Resource
from common.domain.interval import Interval
from common.domain.refusals import refusal
from common.domain.sessions import why, without
from common.domain.slots import Code, Picture, Question
from common.errors import InvalidRequest, SyncError
from common.flows.steps.picture import look, scene_for, stored
from common.ports import Ports, Scene

_SECOND = timedelta(seconds=1)
_HOURS = frozenset({Code.NO_FREE_EVENT, Code.OFF_GRID})


@dataclass(frozen=True, slots=True)
class Wish:
    """A service at a time, with one resource or with any.

    ``moving`` is the booking, session or hold that would take that time in place of what it has; a time that
    was ``held`` in time may be booked within the notice.
    """

    tenant: str
    service: str
    resource: str | None
    start: datetime
    moving: str | None = None
    seats: int = 1
    held: bool = False

    @property
    def window(self) -> Interval:
        """The one start that is asked about."""
        return Interval(self.start, self.start + _SECOND)


@dataclass(frozen=True, slots=True)
class Offer:
    """Who can take the wish, and why the others cannot."""

    scene: Scene
    takers: tuple[Resource, ...]
    refusals: tuple[SyncError, ...]


def offer(ports: Ports, wish: Wish) -> Offer:
    """Ask the store first and the providers only about what is left; their answers are never shared.

    Raises:
        InvalidRequest: The time has no offset.
        UnknownResource: There is no such service, or the resource does not offer it.
    """
    try:
        window = wish.window
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("the time has no offset", code="naive_time") from wrong
    scene = scene_for(ports, tenant=wish.tenant, service=wish.service, resource=wish.resource, window=window)
    now = ports.clock.now()
    if wish.seats > scene.service.capacity:
        raise InvalidRequest("this service has not so many seats", code="too_many_seats")
    bare = {name: stored(scene.agendas[name], without=wish.moving) for name in scene.resources}
    left, early = _sifted(scene, tuple(scene.resources.values()), bare, wish, now, asked=False)
    if not left:
        return Offer(scene, (), early)
    view = look(ports, scene, left, window, afresh=True, without=wish.moving)
    takers, late = _sifted(scene, left, dict(view.pictures), wish, view.asked_at, asked=True)
    return Offer(scene, takers, (*early, *late))


def _sifted(
    scene: Scene,
    resources: Sequence[Resource],
    pictures: dict[str, Picture],
    wish: Wish,
    now: datetime,
    *,
    asked: bool,
) -> tuple[tuple[Resource, ...], tuple[SyncError, ...]]:
    left: list[Resource] = []
    refusals: list[SyncError] = []
    ignored = frozenset({Code.NOTICE}) if wish.held else frozenset[Code]()
    for resource in resources:
        question = Question(scene.service, resource, wish.window, now)
        agenda = scene.agendas[resource.id]
        agenda = without(agenda, {wish.moving}) if wish.moving else agenda
        found = why(question, pictures[resource.id], agenda, wish.window.start, seats=wish.seats)
        # Where its hours are in its calendars, nobody has asked for them yet.
        early = _HOURS if resource.use_external_free and not asked else frozenset[Code]()
        found = tuple(reason for reason in found if reason.code not in ignored | early)
        if found:
            refusals.append(refusal(found))
        else:
            left.append(resource)
    return tuple(left), tuple(refusals)
