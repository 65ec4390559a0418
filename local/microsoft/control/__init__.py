"""Python objects through which tests and the demo act: the owner's edits, set-up, and inspection."""
