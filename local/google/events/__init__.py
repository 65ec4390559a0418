"""Events: the methods on them, recurrence, attendees' copies, listings, and the JSON of an event."""
