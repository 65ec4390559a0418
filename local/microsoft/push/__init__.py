"""Subscriptions: their API, the change notifications, and the delivery to webhooks."""
