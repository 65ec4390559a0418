"""Works off one chunk of a first synchronisation (private: Cloud Tasks)."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.tasks import command, private
from common.domain.shared.tasks import Payload, Work
from common.flows.sync.initial_sync import AdvanceSync, advance_sync
from common.ports import Ports
from common.wiring import ports, stage


def work(outside: Ports, payload: Payload) -> None:
    """Go on with a run."""
    advance_sync(outside, command(AdvanceSync, payload))


APP = Function("initial_sync", (private(Work.INITIAL_SYNC, work, ports),), stage)


@functions_framework.http
def initial_sync(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
