"""Synchronisation states and the copies of imported events."""
