"""Grants at rest: AEAD by tink, the ciphertext bound to its tenant and connection."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import tink
from tink import aead, secret_key_access

from common.domain.calendar.connection import Grant
from common.errors import SealedForAnother

aead.register()


class TinkVault:
    """Encrypts with the keyset's primary key and decrypts with any of its keys (rotation)."""

    def __init__(self, keyset: str) -> None:
        """Load a tink JSON keyset, as Secret Manager mounts it.

        See https://developers.google.com/tink/aead and https://developers.google.com/tink/client-side-encryption.
        """
        handle = tink.json_proto_keyset_format.parse(keyset, secret_key_access.TOKEN)
        self._aead = handle.primitive(aead.Aead)  # type: ignore[type-abstract]

    def seal(self, grant: Grant, *, tenant: str, connection: str) -> str:
        """The grant as ciphertext text."""
        plain = {
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
            "expires_at": grant.expires_at.astimezone(UTC).isoformat(),
            "scopes": list(grant.scopes),
            "account": grant.account,
            "identity": grant.identity,
        }
        return self._encrypt(json.dumps(plain).encode(), f"grant/{tenant}/{connection}")

    def open(self, sealed: str, *, tenant: str, connection: str) -> Grant:
        """The grant behind a ciphertext.

        Raises:
            SealedForAnother: it is damaged, or another tenant's or connection's.
        """
        plain = json.loads(self._decrypt(sealed, f"grant/{tenant}/{connection}"))
        return Grant(
            access_token=plain["access_token"],
            refresh_token=plain["refresh_token"],
            expires_at=datetime.fromisoformat(plain["expires_at"]),
            scopes=tuple(plain["scopes"]),
            account=plain["account"],
            identity=plain.get("identity"),
        )

    def conceal(self, text: str, *, context: str) -> str:
        """A short secret as ciphertext, bound to its context."""
        return self._encrypt(text.encode(), f"text/{context}")

    def reveal(self, sealed: str, *, context: str) -> str:
        """The short secret again."""
        return self._decrypt(sealed, f"text/{context}").decode()

    def _encrypt(self, plain: bytes, associated: str) -> str:
        sealed: bytes = self._aead.encrypt(plain, associated.encode())
        return base64.urlsafe_b64encode(sealed).decode()

    def _decrypt(self, sealed: str, associated: str) -> bytes:
        try:
            plain: bytes = self._aead.decrypt(base64.urlsafe_b64decode(sealed), associated.encode())
        except (tink.TinkError, ValueError) as error:
            # Not chained into the detail: nothing of the ciphertext belongs into a log.
            raise SealedForAnother("a stored secret cannot be opened here") from error
        return plain


def new_keyset() -> str:
    """A fresh AES-256-GCM keyset as JSON, for a new installation or a test."""
    handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    return str(tink.json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))
