"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says more about the machine than about the code; speed is the bench's business.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
