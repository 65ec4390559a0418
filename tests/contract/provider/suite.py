"""The contract of a calendar provider: one suite for all of them, each through its own simulator."""

from __future__ import annotations

from tests.contract.provider.suite_dates import Dates
from tests.contract.provider.suite_feeds import Feeds, Recurrence
from tests.contract.provider.suite_live import Channels, Live, Troubles
from tests.contract.provider.suite_writes import Writes


class ProviderContract(Feeds, Recurrence, Dates, Writes, Live, Channels, Troubles):
    """Everything; a provider's subclass brings the ``world`` fixture and its own table of refusals."""
