"""Mails customers and owners."""
