"""Slotbridge: the layers behind the functions."""
