"""Calendars as every provider has them: connections, events, sync state, intervals, time zones."""
