"""Events: the methods on them, recurrence, attendees, listings and delta, and the JSON of an event."""
