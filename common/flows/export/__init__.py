"""Keeps the events of bookings in line with the bookings, and bookings with what owners do to the events."""
