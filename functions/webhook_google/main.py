"""Receives Google's push messages: proves the channel token, queues a sync of the calendar, and answers."""

from collections.abc import Mapping

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.routes import push
from common.flows.sync.receive_push import receive_push
from common.providers.google.push import notice
from common.push_ports import PushPorts
from common.wiring import installation, push_ports


def receive(outside: PushPorts, headers: Mapping[str, str]) -> None:
    """Queue a sync, if the message is proven."""
    receive_push(outside, notice(headers))


def _receive(call: Call) -> Reply:
    receive(push_ports(), call.headers)
    # A forged message is answered alike: the answer tells nobody whether a token was right.
    return Reply(status=204)


APP = Function("webhook_google", (push(_receive),), installation)


@functions_framework.http
def webhook_google(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
