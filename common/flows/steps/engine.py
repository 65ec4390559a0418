"""Decides whether one time can be sold, with the engine that lists, before and after asking the calendars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.domain.catalogue import Resource
from common.domain.interval import Interval
from common.domain.refusals import refusal
from common.domain.slots import Code, Picture, Question, reasons
from common.errors import InvalidRequest, SyncError
from common.flows.steps.picture import look, scene_for, stored
from common.ports import Ports, Scene

_SECOND = timedelta(seconds=1)
_HOURS = frozenset({Code.OUTSIDE_AVAILABILITY, Code.OFF_GRID})


@dataclass(frozen=True, slots=True)
class Wish:
    """A service at a time, with one resource or with any; ``moving`` is the booking that would move there."""

    tenant: str
    service: str
    resource: str | None
    start: datetime
    moving: str | None = None

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
    bare = {name: stored(scene.agendas[name], without=wish.moving) for name in scene.resources}
    left, early = _sifted(scene, tuple(scene.resources.values()), bare, window, now, asked=False)
    if not left:
        return Offer(scene, (), early)
    view = look(ports, scene, left, window, afresh=True, without=wish.moving)
    takers, late = _sifted(scene, left, dict(view.pictures), window, view.asked_at, asked=True)
    return Offer(scene, takers, (*early, *late))


def _sifted(
    scene: Scene,
    resources: Sequence[Resource],
    pictures: dict[str, Picture],
    window: Interval,
    now: datetime,
    *,
    asked: bool,
) -> tuple[tuple[Resource, ...], tuple[SyncError, ...]]:
    left: list[Resource] = []
    refusals: list[SyncError] = []
    for resource in resources:
        question = Question(scene.service, resource, window, now)
        found = reasons(question, pictures[resource.id], window.start)
        if resource.use_external_free and not asked:
            # Its hours are in its calendars, which nobody has asked yet.
            found = tuple(reason for reason in found if reason.code not in _HOURS)
        if found:
            refusals.append(refusal(found))
        else:
            left.append(resource)
    return tuple(left), tuple(refusals)
