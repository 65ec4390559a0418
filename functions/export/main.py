"""Writes one booking into a calendar, or finds out where its event went (private: Cloud Tasks)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import TaskFlows, task_route
from common.domain.shared.task_records import ExportBooking, VerifyMoved
from common.domain.shared.tasks import Work
from common.flows.export.export_booking import export_booking
from common.flows.export.own_event_changes import verify_moved
from common.wiring import installation, ports

FLOWS: TaskFlows = {
    ExportBooking: export_booking,
    VerifyMoved: verify_moved,
}
APP = Function("export", (task_route(Work.EXPORT, FLOWS, ports),), installation)


@functions_framework.http
def export(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
