"""Tries with a test account what the simulated Google and Microsoft claim, and says what is different.

    .venv/bin/python -m scripts.probe google
    .venv/bin/python -m scripts.probe microsoft --report probe.json
    .venv/bin/python -m scripts.probe google --clean        remove what a run that was killed has left

It works in two calendars that it makes, "Slotbridge probe ...", and removes them at its end.
See docs/probe.md.
"""
