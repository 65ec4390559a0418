"""Keeps the copies of calendars in line with the providers."""
