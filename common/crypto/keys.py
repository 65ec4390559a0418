"""HMAC signatures by purpose, and random values."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence

from common.config import Misconfigured

SHORTEST = 16


class HmacKeys:
    """The first key of a purpose signs, all of them verify, so that keys can be replaced without a gap.

    A key is bound to its purpose, so that a signature for one never passes for another.
    """

    def __init__(self, keys: Sequence[bytes], **special: Sequence[bytes]) -> None:
        """Use ``keys`` for every purpose but those in ``special``, which have keys of their own.

        The webhooks hold the "channel" keys alone; the "event" key makes provider event ids and must
        therefore never be replaced.
        """
        self._keys = tuple(keys)
        self._special: Mapping[str, tuple[bytes, ...]] = {
            name: tuple(value) for name, value in special.items()
        }

    def sign(self, purpose: str, *parts: str) -> bytes:
        """HMAC-SHA256 of the parts under the current key of this purpose; 32 bytes."""
        return self._sign(self._of(purpose)[0], purpose, parts)

    def verify(self, signature: bytes, purpose: str, *parts: str) -> bool:
        """Whether any valid key made ``signature``, in constant time; half of one (128 bits) is enough.

        https://www.rfc-editor.org/rfc/rfc2104#section-5
        """
        results = [
            hmac.compare_digest(self._sign(key, purpose, parts)[: len(signature)], signature)
            for key in self._of(purpose)
        ]
        return len(signature) >= SHORTEST and any(results)

    def token(self) -> str:
        """256 random bits, URL-safe."""
        return secrets.token_urlsafe(32)

    def _of(self, purpose: str) -> tuple[bytes, ...]:
        keys = self._special.get(purpose, self._keys)
        if not keys:
            raise Misconfigured(f"this function holds no key for the purpose {purpose}")
        return keys

    @staticmethod
    def _sign(key: bytes, purpose: str, parts: Sequence[str]) -> bytes:
        # Each part is preceded by its length: ("a", "bc") and ("ab", "c") must not sign alike.
        message = b"".join(
            len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in (purpose, *parts))
        )
        return hmac.digest(key, message, "sha256")
