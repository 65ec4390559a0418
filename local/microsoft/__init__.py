"""Stands in for Microsoft on one machine: the identity platform, Graph's calendars, webhooks, faults."""

from local.microsoft.api.limits import GRAPH, Limits
from local.microsoft.faults import Fault
from local.microsoft.server import MicrosoftServer
from local.microsoft.settings import Settings
from local.microsoft.simulator import MicrosoftSimulator
from local.simulation.http_post import WebhookReply

__all__ = ["GRAPH", "Fault", "Limits", "MicrosoftServer", "MicrosoftSimulator", "Settings", "WebhookReply"]
