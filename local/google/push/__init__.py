"""Push notifications: channels (watch and stop), and the delivery of their messages."""
