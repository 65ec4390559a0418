"""Connects calendars: consent, invitation, settings, health, disconnection."""
