"""Support access, the overview, and erasure."""
