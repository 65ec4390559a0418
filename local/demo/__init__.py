"""The demonstration of ``make demo``: uses the HTTP API, and checks every result at the providers."""
