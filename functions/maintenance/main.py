"""Upkeep: the jobs of Cloud Scheduler, and what follows from them as tasks (private)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.http import Access
from common.api.tasks import TaskFlows, task_route
from common.domain.shared.task_records import (
    AdvanceErasure,
    CatchUp,
    Maintain,
    ReconcileConnection,
    RefreshCalendars,
    SettleCalendar,
)
from common.domain.shared.tasks import Work
from common.flows.connect.calendars import refresh_calendars
from common.flows.ops.maintain import catch_up, maintain, reconcile_connection
from common.flows.privacy.erasure import advance_erasure
from common.flows.sync.settle import settle_calendar
from common.wiring import installation, ports

FLOWS: TaskFlows = {
    Maintain: maintain,
    ReconcileConnection: reconcile_connection,
    CatchUp: catch_up,
    RefreshCalendars: refresh_calendars,
    SettleCalendar: settle_calendar,
    AdvanceErasure: advance_erasure,
}
APP = Function(
    "maintenance", (task_route(Work.MAINTENANCE, FLOWS, ports, access=Access.SCHEDULER),), installation
)


@functions_framework.http
def maintenance(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
