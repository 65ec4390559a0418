"""The deployed functions: HTTP in, one flow, HTTP out."""
