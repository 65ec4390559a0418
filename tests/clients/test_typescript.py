"""The TypeScript client against the functions over loopback HTTP."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from common import wiring
from local.server import serve
from tests.function_apps import function_apps
from tests.world import World

CLIENT = Path(__file__).resolve().parents[2] / "clients/typescript"


@pytest.fixture
def base_url() -> Iterator[str]:
    world = World()
    world.account()
    world.catalogue()
    world.install()
    try:
        with serve(function_apps()) as served:
            yield served.base_url
    finally:
        wiring.use(None)


@pytest.mark.skipif(
    shutil.which("node") is None or not (CLIENT / "node_modules").is_dir(),
    reason="Node and `make client` are needed",
)
def test_the_client_books_and_is_told_what_is_wrong(base_url: str) -> None:
    """It type-checks, and its own tests pass against real functions."""
    done = subprocess.run(
        ["npm", "test", "--silent"],
        cwd=CLIENT,
        env={**os.environ, "SLOTBRIDGE_URL": base_url, "SLOTBRIDGE_OWNER": "owner.t1.-"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
