"""Works off one chunk of a disconnection (private: Cloud Tasks)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import command, private
from common.domain.shared.tasks import Payload, Work
from common.flows.connect.disconnect import AdvanceDisconnect, advance_disconnect
from common.ports import Ports
from common.wiring import ports, stage


def work(outside: Ports, payload: Payload) -> None:
    """Go on with a disconnection."""
    advance_disconnect(outside, command(AdvanceDisconnect, payload))


APP = Function("disconnect", (private(Work.DISCONNECT, work, ports),), stage)


@functions_framework.http
def disconnect(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
