"""Stands in for Google on one machine: OAuth, Calendar API v3, push channels, quotas, scriptable faults."""

from local.google.api.limits import GOOGLE, Limits
from local.google.faults import Fault
from local.google.server import GoogleServer
from local.google.settings import Settings
from local.google.simulator import GoogleSimulator

__all__ = ["GOOGLE", "Fault", "GoogleServer", "GoogleSimulator", "Limits", "Settings"]
