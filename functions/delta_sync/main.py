"""Brings one calendar up to date (private: Cloud Tasks)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import command, private
from common.domain.shared.tasks import Payload, Work
from common.flows.sync.sync_calendar import SyncCalendar, sync_calendar
from common.ports import Ports
from common.wiring import ports, stage


def work(outside: Ports, payload: Payload) -> None:
    """Synchronise one calendar."""
    sync_calendar(outside, command(SyncCalendar, payload))


APP = Function("delta_sync", (private(Work.DELTA_SYNC, work, ports),), stage)


@functions_framework.http
def delta_sync(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
