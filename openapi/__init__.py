"""Describes the HTTP API as OpenAPI 3.1; used by tools and tests, and never deployed as code."""
