"""Stores what can be booked, and publishes iCalendar feeds."""
