"""Events: the API methods, recurrence, attendees, and how an event is shown."""
