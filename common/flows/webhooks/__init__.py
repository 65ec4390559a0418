"""Tells tenants' own systems what happened."""
