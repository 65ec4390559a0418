"""What the private function ``maintenance`` answers."""

from __future__ import annotations

from openapi.described.tasks import task

SUMMARY = "Upkeep, as Cloud Scheduler asks for it, and what follows from it."
OPERATIONS = task("maintenance", "Upkeep, as Cloud Scheduler asks for it, and what follows from it.")
