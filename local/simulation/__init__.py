"""What simulated providers share whichever they stand in for: pushes on their way, faults, doors, serving."""
