"""Consents, invitations, settings and the calendars of a connection."""
