"""Calendars and mailboxes: the API methods, and free/busy."""
