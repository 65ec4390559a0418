"""Signatures and encryption."""
