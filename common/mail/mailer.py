"""The mailer: writes a mail and hands it to the one transport that is configured."""

from __future__ import annotations

from typing import Protocol

from common.domain.mailing import Envelope
from common.errors import OperatorFault
from common.mail.message import Mail, write


class Transport(Protocol):
    """Hands one finished mail over."""

    def deliver(self, mail: Mail) -> None:
        """Raises Retry, Forbidden or OperatorFault where it was not taken."""


class MimeMailer:
    """Sends mails from one address; without one this installation sends none."""

    def __init__(self, transport: Transport, *, sender: str) -> None:
        """Send from ``sender``, an address that the transport's account owns."""
        self._transport = transport
        self._sender = sender

    @property
    def on(self) -> bool:
        """Whether this installation sends mails at all."""
        return bool(self._sender)

    def send(self, envelope: Envelope) -> None:
        """Hand one mail over.

        Raises:
            OperatorFault: No sender is configured, or it may not send.
            Forbidden: This mail will never be taken.
        """
        if not self.on:
            raise OperatorFault("this installation sends no mails", code="mail_not_configured")
        self._transport.deliver(write(envelope, sender=self._sender))
