"""Calendars: the methods on calendars and calendar lists, access rights, and free/busy."""
