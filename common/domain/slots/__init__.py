"""Which times can be booked, and why another cannot."""
