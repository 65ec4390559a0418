"""Bookings, sessions that several customers share, and who may change them."""
