"""Starts the probe from the command line."""

from __future__ import annotations

from scripts.probe.command import main

if __name__ == "__main__":
    main()
