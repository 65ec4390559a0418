"""Random settings of the simulated providers: each story meets other habits of the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from local.google.settings import SWITCHES as GOOGLE
from local.microsoft.settings import SWITCHES as MICROSOFT

# What a story does not turn on, and why.
LEFT_OUT: Mapping[str, str] = {}


def random_switches(table: Mapping[str, tuple[Any, ...]]) -> st.SearchStrategy[dict[str, Any]]:
    """One of the allowed values for each setting of a provider's table; the first is the usual one."""
    drawn = {name: st.sampled_from(values) for name, values in table.items() if name not in LEFT_OUT}
    return st.fixed_dictionaries(drawn)


GOOGLE_SWITCHES = random_switches(GOOGLE)
MICROSOFT_SWITCHES = random_switches(MICROSOFT)


def turn(simulator: Any, switches: Mapping[str, Any]) -> None:
    """Give a simulated provider these settings."""
    for name, value in switches.items():
        simulator.admin.set_setting(name, value)
