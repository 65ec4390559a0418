"""The route by which every function shows its own description."""

from __future__ import annotations

from typing import Any

from common.api.description import PATH
from openapi.operation import Operation, Shown

EXAMPLE = {"openapi": "3.1.0", "info": {"title": "Slotbridge", "version": "1.0.0"}, "paths": {}}
CACHED = ("ETag", "Cache-Control")


def described(function: str) -> Operation:
    """The operation of ``/openapi.json``."""
    words = "".join(word.capitalize() for word in function.split("_"))
    return Operation(
        f"GET {PATH}",
        f"describe{words}",
        "This function as OpenAPI 3.1",
        {
            200: Shown(dict[str, Any], "The document.", headers=CACHED, example=EXAMPLE),
            304: Shown(says="Unchanged.", headers=CACHED),
        },
        headers=("If-None-Match",),
    )
