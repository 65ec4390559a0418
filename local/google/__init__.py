"""A simulated Google that runs on one machine, for tests and for the local stack.

It answers Google's OAuth server and the Calendar API v3 over HTTP, sends push notifications, enforces quotas,
and fails on request.
"""

from local.google.api.limits import GOOGLE, Limits
from local.google.faults import Fault
from local.google.server import GoogleServer
from local.google.settings import Settings
from local.google.simulator import GoogleSimulator

__all__ = ["GOOGLE", "Fault", "GoogleServer", "GoogleSimulator", "Limits", "Settings"]
