"""The fixture that holds for every test: the seed of its random numbers."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code; speed is the bench's business.
# The same examples each time, so that a red run is somebody's change; `make explore` looks for new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True)
def _random_seed(request: pytest.FixtureRequest) -> None:
    """Give each test the same random numbers in each run; set ``TEST_SEED`` for others."""
    random.seed(f"{os.environ.get('TEST_SEED', '')}{request.node.nodeid}")
