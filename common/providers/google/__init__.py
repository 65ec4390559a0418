"""Google Calendar behind the provider port."""
