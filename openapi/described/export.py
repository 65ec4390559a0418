"""What the private function ``export`` answers."""

from __future__ import annotations

from openapi.described.tasks import task

SUMMARY = "Writes one booking into a calendar, or finds out where its event went."
OPERATIONS = task("export", "Writes one booking into a calendar, or finds out where its event went.")
