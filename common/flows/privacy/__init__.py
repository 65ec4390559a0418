"""Support access, the overview, export and erasure of data."""
