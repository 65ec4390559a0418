"""Brings one calendar up to date (private: Cloud Tasks)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import TaskFlows, task_route
from common.domain.shared.tasks import SyncCalendar, Work
from common.flows.sync.sync_calendar import sync_calendar
from common.wiring import installation, ports

FLOWS: TaskFlows = {SyncCalendar: sync_calendar}
APP = Function("delta_sync", (task_route(Work.DELTA_SYNC, FLOWS, ports),), installation)


@functions_framework.http
def delta_sync(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
