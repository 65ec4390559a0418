"""What tests and the demo do to the simulator: the people's edits, set-up and inspection."""
