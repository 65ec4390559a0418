"""Says what of the simulated Google's back door can be read with GET, and how it refuses."""

from local.google.api import refusal
from local.google.errors import ApiError
from local.simulation.backdoor import Backdoor

READINGS = frozenset(
    [
        "state",
        "events",
        "channels",
        "grants",
        "mails",
        "calls",
        "pending_pushes",
        "push_attempts",
        "faults",
        "busy",
        "event",
    ]
)


def backdoor(*doors: object) -> Backdoor:
    """The operations of the given objects under /_sim/."""
    return Backdoor(*doors, readings=READINGS, refusals={ApiError: refusal})
