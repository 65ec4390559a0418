"""Calls to addresses that tenants name."""
