"""Firestore, and the in-memory double that passes the same contract suite."""
