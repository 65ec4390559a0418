"""Serves the iCalendar feed of a resource to whoever has its secret address."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.ics_feeds import ics_file, ics_reply
from common.api.routes import public
from common.flows.catalogue.ics_feed import read_ics_feed
from common.wiring import installation, ports


def _get(call: Call) -> Reply:
    feed = read_ics_feed(ports(), secret=call.path["secret"])
    return ics_reply(call, ics_file(feed.resource, feed.bookings, shows=feed.shows, services=feed.services))


ROUTES = (public("GET", "/<secret>.ics", _get),)
APP = Function("feeds", ROUTES, installation)


@functions_framework.http
def feeds(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
