"""What is copied from the providers, when, and how push messages ask for it."""
