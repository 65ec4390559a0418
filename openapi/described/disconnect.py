"""What the private function ``disconnect`` answers."""

from __future__ import annotations

from openapi.described.tasks import task

SUMMARY = "Works off one chunk of a disconnection."
OPERATIONS = task("disconnect", "Works off one chunk of a disconnection.")
