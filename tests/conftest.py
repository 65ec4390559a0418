"""What holds for every test."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code; speed is the bench's business.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _dice(request: pytest.FixtureRequest) -> None:
    """Give each test the same dice each time; another ``TEST_SEED`` throws others."""
    random.seed(f"{os.environ.get('TEST_SEED', '')}{request.node.nodeid}")
