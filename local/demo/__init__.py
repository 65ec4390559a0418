"""The story that ``make demo`` tells: through the HTTP API, every result checked at the provider."""
