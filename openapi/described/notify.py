"""What the private function ``notify`` answers."""

from __future__ import annotations

from openapi.described.tasks import task

SUMMARY = "Tells people by mail and systems by webhook what happened."
OPERATIONS = task("notify", "Tells people by mail and systems by webhook what happened.")
