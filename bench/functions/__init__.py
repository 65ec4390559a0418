"""Benchmarks of deployed functions, each served from its archive in a process of its own."""
