"""How many connections an installation carries, what limits it first, and what it costs."""
