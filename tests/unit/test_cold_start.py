"""The webhooks start without what they do not use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "google.cloud.firestore",
    "google.cloud.tasks",
    "googleapiclient",
    "msal",
    "boto3",
    "pydantic",
    "tink",
    "grpc",
)


@pytest.mark.parametrize("function", ["webhook_google", "webhook_graph"])
def test_a_webhook_imports_nothing_heavy(function: str) -> None:
    """A cold start has seconds to answer: no store, no provider library, no model library."""
    code = (
        f"import sys, functions.{function}.main\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
