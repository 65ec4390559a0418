from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.provider.microsoft_world import ADA, BOB, MicrosoftWorld
from tests.contract.provider.suite import ProviderContract


class TestMicrosoft(ProviderContract):
    """Microsoft Graph through its simulator, for work and personal accounts alike."""

    @pytest.fixture(params=[ADA, BOB], ids=["work", "personal"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[MicrosoftWorld]:
        made = MicrosoftWorld(request.param)
        yield made
        made.close()
