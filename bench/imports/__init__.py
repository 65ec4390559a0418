"""Benchmark of importing events: from the pages of a provider to the database."""
