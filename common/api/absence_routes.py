"""The routes of a resource's absences."""

from __future__ import annotations

from collections.abc import Callable

from common.api.catalogue import AbsenceBody, absence_of, absence_view, absences_view
from common.api.guard import own_resource
from common.api.http import Call, Reply
from common.api.models import name, read
from common.api.routes import Route, staff
from common.ports import Ports

ALL = "/<resource>/absences"
ONE = f"{ALL}/<absence>"


def absence_routes(ports: Callable[[], Ports]) -> tuple[Route, ...]:
    """Staff list, enter and remove the absences of their own resources."""

    def listed(call: Call) -> Reply:
        return Reply(absences_view(ports().catalogue.absences(call.staff.tenant, own_resource(call))))

    def put(call: Call) -> Reply:
        absence = absence_of(name(call.path["absence"]), read(AbsenceBody, call.body))
        resource = ports().catalogue.resource(call.staff.tenant, own_resource(call))
        ports().catalogue.save_absence(call.staff.tenant, resource.id, absence)
        return Reply(absence_view(absence))

    def delete(call: Call) -> Reply:
        ports().catalogue.delete_absence(call.staff.tenant, own_resource(call), name(call.path["absence"]))
        return Reply(status=204)

    return (staff("GET", ALL, listed), staff("PUT", ONE, put, body=True), staff("DELETE", ONE, delete))
