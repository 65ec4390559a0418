"""Ends a consent: the provider sends the browser here, and we send it back to the front end."""

import functions_framework
from flask import Request, Response

from common.api.consent import back, callback
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.routes import public
from common.flows.connect.complete_connection import FinishConsent, finish_consent
from common.wiring import installation, ports


def _finish(call: Call) -> Reply:
    query = callback(call)
    outcome = finish_consent(
        ports(),
        FinishConsent(query.state, query.code, query.error, query.number, query.iss),
    )
    return back(outcome.outcome.value, return_to=outcome.return_to, connection=outcome.connection)


APP = Function("oauth_callback", (public("GET", "/", _finish),), installation)


@functions_framework.http
def oauth_callback(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
