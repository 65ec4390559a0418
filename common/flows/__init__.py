"""What happens for each request or task, top to bottom: one folder a capability."""
