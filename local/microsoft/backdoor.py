"""Says what of the simulated Microsoft's back door can be read with GET, and how it refuses."""

from local.microsoft.errors import GraphError, SignInError
from local.simulation.backdoor import Backdoor, misused

READINGS = frozenset(
    [
        "state",
        "events",
        "calendars",
        "subscriptions",
        "grants",
        "mails",
        "calls",
        "pending_pushes",
        "push_attempts",
        "faults",
        "busy",
        "event",
        "days",
        "default_calendar",
    ]
)


def backdoor(*doors: object) -> Backdoor:
    """The operations of the given objects under /_sim/."""
    return Backdoor(*doors, readings=READINGS, refusals={GraphError: misused, SignInError: misused})
