"""A document database in memory, with the rules of Firestore that the store relies on."""
