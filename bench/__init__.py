"""Measurements and models of how the product behaves under load."""
