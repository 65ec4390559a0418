"""Stands in for Google on one machine: OAuth, Calendar API v3, push channels, quotas, scriptable faults."""

from local.google.faults import Fault
from local.google.quota import GOOGLE, Limits
from local.google.server import GoogleServer
from local.google.simulator import GoogleSimulator
from local.google.world import Settings

__all__ = ["GOOGLE", "Fault", "GoogleServer", "GoogleSimulator", "Limits", "Settings"]
