"""Does one chunk of a disconnection (private: Cloud Tasks)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import TaskFlows, task_route
from common.domain.shared.task_records import AdvanceDisconnect
from common.domain.shared.tasks import Work
from common.flows.connect.disconnect import advance_disconnect
from common.wiring import installation, ports

FLOWS: TaskFlows = {AdvanceDisconnect: advance_disconnect}
APP = Function("disconnect", (task_route(Work.DISCONNECT, FLOWS, ports),), installation)


@functions_framework.http
def disconnect(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
