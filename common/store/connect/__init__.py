"""Connections and invitations."""
