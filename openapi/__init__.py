"""Describes the HTTP API as OpenAPI 3.1; it is read by tools and tests, and never deployed as code."""
