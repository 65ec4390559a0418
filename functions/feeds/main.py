"""Serves the iCalendar feed of a resource to whoever holds its secret address."""

import functions_framework
from flask import Request, Response

from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.ics_feeds import feed_file, feed_reply
from common.api.routes import public
from common.flows.catalogue.ics_feed import ReadFeed, read_feed
from common.wiring import installation, ports


def _feed(call: Call) -> Reply:
    found = read_feed(ports(), ReadFeed(call.path["secret"]))
    text = feed_file(found.resource, found.bookings, shows=found.shows, services=found.services)
    return feed_reply(call, text)


APP = Function("feeds", (public("GET", "/<secret>.ics", _feed),), installation)


@functions_framework.http
def feeds(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
