"""Bookings, and the one commit that takes their time."""
