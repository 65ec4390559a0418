"""What the private function ``delta_sync`` answers."""

from __future__ import annotations

from openapi.described.tasks import task

SUMMARY = "Brings one calendar up to date."
OPERATIONS = task("delta_sync", "Brings one calendar up to date.")
