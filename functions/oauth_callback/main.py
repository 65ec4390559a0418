"""Finishes a consent: the provider sends the browser here, and we send it back to the front end."""

import functions_framework
from flask import Request, Response

from common.api.consent import Callback, redirect_back
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import read
from common.api.routes import public
from common.flows.connect.complete_connection import finish_consent
from common.wiring import installation, ports


def _finish_consent(call: Call) -> Reply:
    query = read(Callback, call.query)
    finished = finish_consent(
        ports(),
        state=query.state,
        code=query.code,
        error=query.error,
        error_number=query.error_number,
        issuer=query.iss,
    )
    return redirect_back(finished.outcome.value, return_to=finished.return_to, connection=finished.connection)


ROUTES = (public("GET", "/", _finish_consent),)
APP = Function("oauth_callback", ROUTES, installation)


@functions_framework.http
def oauth_callback(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
