"""Does one chunk of a first synchronisation (private: Cloud Tasks)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import TaskFlows, task_route
from common.domain.shared.task_records import AdvanceSync
from common.domain.shared.tasks import Work
from common.flows.sync.initial_sync import advance_sync
from common.wiring import installation, ports

FLOWS: TaskFlows = {AdvanceSync: advance_sync}
APP = Function("initial_sync", (task_route(Work.INITIAL_SYNC, FLOWS, ports),), installation)


@functions_framework.http
def initial_sync(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
