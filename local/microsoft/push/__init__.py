"""Push: subscriptions, the change notifications for them, and their delivery to webhooks."""
