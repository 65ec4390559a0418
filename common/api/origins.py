"""Origins of browser pages, spelled as browsers send them, because they are compared to the letter."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

_PORTS = {"https": 443, "http": 80}


def _as_sent(text: str) -> str:
    """The origin, if a browser would write it so (https://www.rfc-editor.org/rfc/rfc6454#section-6.2)."""
    message = "an origin as browsers send it: lower case, without its usual port, path or user"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(message) from None
    named = f"[{host}]" if ":" in host else host
    usual = "" if port in {None, _PORTS.get(parts.scheme)} else f":{port}"
    if not host or text != f"{parts.scheme}://{named}{usual}":
        raise ValueError(message)
    return text


Origin = Annotated[
    str,
    Field(max_length=300, pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+$", examples=["https://salon.example"]),
    AfterValidator(_as_sent),
]
