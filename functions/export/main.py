"""Writes one booking into a calendar, or finds out where its event went (private: Cloud Tasks)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import command, private
from common.domain.shared.tasks import Payload, Work
from common.flows.export.export_booking import ExportBooking, export_booking
from common.flows.export.own_event_changes import VerifyMoved, verify_moved
from common.ports import Ports
from common.wiring import ports, stage


def work(outside: Ports, payload: Payload) -> None:
    """Export a booking, or verify that its event is gone."""
    if payload.get("kind") == "verify":
        verify_moved(outside, command(VerifyMoved, payload))
    else:
        export_booking(outside, command(ExportBooking, payload))


APP = Function("export", (private(Work.EXPORT, work, ports),), stage)


@functions_framework.http
def export(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
