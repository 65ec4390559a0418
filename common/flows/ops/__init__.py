"""What the clock and operators bring about."""
