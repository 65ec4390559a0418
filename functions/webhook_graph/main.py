"""Receives Microsoft Graph's notifications: proves the address, queues syncs of calendars, and answers."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.http import Call, Reply, request_json
from common.api.routes import batch_push
from common.flows.sync.receive_push import receive_pushes
from common.providers.microsoft.push import challenge, notices
from common.push_ports import PushPorts
from common.wiring import installation, push_ports


def receive(outside: PushPorts, raw: bytes) -> None:
    """Queue a sync for each item of a batch that is proven."""
    receive_pushes(outside, notices(request_json(raw)))


def _receive(call: Call) -> Reply:
    token = call.query.get("validationToken")
    if token is not None:
        # Asked while a subscription is being made or changed, for either of its addresses.
        return Reply(body=challenge(token), content_type="text/plain; charset=utf-8")
    receive(push_ports(), call.body)
    # Forged items are answered alike: the answer tells nobody whether a clientState was right.
    return Reply(status=202)


APP = Function("webhook_graph", (batch_push(_receive),), installation)


@functions_framework.http
def webhook_graph(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
