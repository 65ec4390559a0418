"""Runs Slotbridge on one machine: the stack, the demo, and stand-ins for the cloud services and providers."""
