"""A simulated Microsoft that runs on one machine, for tests and for the local stack.

It answers the identity platform and the calendar part of Microsoft Graph over HTTP, sends change
notifications to webhooks, throttles, and fails on request.
"""

from local.microsoft.api.limits import GRAPH, Limits
from local.microsoft.faults import Fault
from local.microsoft.server import MicrosoftServer
from local.microsoft.settings import Settings
from local.microsoft.simulator import MicrosoftSimulator
from local.simulation.http_post import WebhookReply

__all__ = ["GRAPH", "Fault", "Limits", "MicrosoftServer", "MicrosoftSimulator", "Settings", "WebhookReply"]
