"""Benchmarks of the slots: the engine against libraries, and the endpoint over Firestore."""
