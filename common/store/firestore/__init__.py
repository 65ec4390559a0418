"""The document database: Firestore, its wire format, and the forms of stored values."""
