"""Calendars and mailboxes: the methods on them, mailbox settings, and free/busy."""
