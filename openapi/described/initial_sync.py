"""What the private function ``initial_sync`` answers."""

from __future__ import annotations

from openapi.described.tasks import task

SUMMARY = "Works off one chunk of a first synchronisation."
OPERATIONS = task("initial_sync", "Works off one chunk of a first synchronisation.")
