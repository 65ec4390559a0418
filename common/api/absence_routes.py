"""The routes of a resource's absences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from common.api.catalogue import AbsenceBody, absence_of, absence_view
from common.api.conditions import condition, shown, stored
from common.api.guard import own_resource
from common.api.http import Call, Reply
from common.api.models import name, read
from common.api.paging import listed
from common.api.routes import Route, staff

if TYPE_CHECKING:
    from common.domain.catalogue import Absence
    from common.ports import Ports

S = TypeVar("S")
D = TypeVar("D")

ALL = "/<resource>/absences"
ONE = f"{ALL}/<absence>"


class Kept(Protocol):
    """An absence as it is stored now, and whether it is new."""

    @property
    def record(self) -> Absence:
        """The absence."""

    @property
    def created(self) -> bool:
        """Whether there was none before."""


def absence_routes(
    ports: Callable[[], Ports],
    saving: tuple[Callable[..., S], Callable[[Ports, S], Kept]],
    deleting: tuple[Callable[..., D], Callable[[Ports, D], None]],
) -> tuple[Route, ...]:
    """Staff list, read, enter and remove the absences of their own resources."""

    def page(call: Call) -> Reply:
        named, lists = _named(call), ports().lists
        return listed(call, "absences", lambda window: lists.absences(**named, window=window), absence_view)

    def get(call: Call) -> Reply:
        found = ports().catalogue.absence(call.staff.tenant, own_resource(call), name(call.path["absence"]))
        return shown(call, absence_view(found), found.version)

    def put(call: Call) -> Reply:
        absence = absence_of(name(call.path["absence"]), read(AbsenceBody, call.body))
        command, save = saving
        kept = save(ports(), command(**_named(call), absence=absence, condition=condition(call)))
        return stored(absence_view(kept.record), kept.record.version, created=kept.created)

    def delete(call: Call) -> Reply:
        command, remove = deleting
        gone = name(call.path["absence"])
        remove(ports(), command(**_named(call), absence=gone, condition=condition(call)))
        return Reply(status=204)

    return (
        staff("GET", ALL, page),
        staff("GET", ONE, get),
        staff("PUT", ONE, put, body=True),
        staff("DELETE", ONE, delete),
    )


def _named(call: Call) -> dict[str, str]:
    return {"tenant": call.staff.tenant, "resource": own_resource(call)}
