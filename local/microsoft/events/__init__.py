"""Events: the API methods, recurrence, attendees, delta, and how an event is shown."""
