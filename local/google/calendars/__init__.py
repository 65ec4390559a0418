"""Calendars and calendar lists: the API methods, who may do what, and free/busy."""
