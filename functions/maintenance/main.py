"""Upkeep: what Cloud Scheduler asks for, and what follows from it as tasks (private)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.http import Access
from common.api.tasks import command, private
from common.domain.shared.tasks import Payload, Work
from common.flows.connect.calendars import RefreshCalendars, refresh_calendars
from common.flows.ops.maintain import Maintain, maintain
from common.flows.ops.reconcile import CatchUp, ReconcileConnection, catch_up, reconcile_connection
from common.flows.privacy.erasure import AdvanceErasure, advance_erasure
from common.flows.sync.settle import SettleCalendar, settle_calendar
from common.ports import Ports
from common.wiring import ports, stage

JOBS = {
    "erase": lambda outside, payload: advance_erasure(outside, command(AdvanceErasure, payload)),
    "catch_up": lambda outside, payload: catch_up(outside, command(CatchUp, payload)),
    "reconcile": lambda outside, payload: reconcile_connection(
        outside, command(ReconcileConnection, payload)
    ),
    "refresh": lambda outside, payload: refresh_calendars(outside, command(RefreshCalendars, payload)),
    "settle": lambda outside, payload: settle_calendar(outside, command(SettleCalendar, payload)),
}


def _maintain(outside: Ports, payload: Payload) -> object:
    return maintain(outside, command(Maintain, payload))


def work(outside: Ports, payload: Payload) -> None:
    """Do one job; what is none of the tasks' is the scheduler's."""
    JOBS.get(str(payload.get("job")), _maintain)(outside, payload)


APP = Function("maintenance", (private(Work.MAINTENANCE, work, ports, access=Access.SCHEDULER),), stage)


@functions_framework.http
def maintenance(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
