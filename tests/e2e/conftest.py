"""Whole stacks as processes of their own, as a person starts them."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "e2e: starts the whole stack as a process of its own")
