"""Reads texts of a token answer, the same at every OAuth server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.errors import UnexpectedReply


def text(reply: Mapping[str, Any], name: str) -> str | None:
    """A text that is there and not empty, or None."""
    value = reply.get(name)
    return value if isinstance(value, str) and value else None


def required(reply: Mapping[str, Any], name: str) -> str:
    """A text that must be there.

    Raises:
        UnexpectedReply: It is not.
    """
    value = text(reply, name)
    if value is None:
        raise UnexpectedReply(f"a token answer without {name}")
    return value


def scopes(reply: Mapping[str, Any]) -> tuple[str, ...]:
    """What was given; none named means what was asked for: https://www.rfc-editor.org/rfc/rfc6749#section-5.1."""
    return tuple((text(reply, "scope") or "").split())
