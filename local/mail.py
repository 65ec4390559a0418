"""A local Amazon SES, simulated by moto's server: accepts mails, delivers none, and lists them."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from email import message_from_string, policy
from types import TracebackType
from typing import Any, Self

import boto3
import urllib3
from moto.server import ThreadedMotoServer

from local.environment import REGION, SENDER

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
"""What boto3 needs to sign with; moto accepts any credentials."""


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail that was sent to the server."""

    to: tuple[str, ...]
    subject: str
    text: str
    calendar: str = ""


class MailServer:
    """The mail server, running inside its ``with`` block; the sender's identity is already verified."""

    def __init__(self, *, port: int = 0) -> None:
        """Listen on ``port``; 0 takes a free one."""
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)

    def __enter__(self) -> Self:
        self._server.start()
        client = boto3.client(
            "sesv2",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_email_identity(EmailIdentity=SENDER)
        client.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """The value for SES_ENDPOINT."""
        host, port = self._server.get_host_and_port()
        return f"http://{host}:{port}"

    def mails(self) -> tuple[ReceivedMail, ...]:
        """All mails so far, in the order of their arrival."""
        return received_mails(self.url)


def received_mails(url: str) -> tuple[ReceivedMail, ...]:
    """All mails that the server at ``url`` accepted, in the order of their arrival."""
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("GET", f"{url}/moto-api/data.json")
        messages: list[dict[str, Any]] = json.loads(answer.data).get("ses", {}).get("RawMessage", [])
    return tuple(_parsed(item) for item in messages)


def _parsed(item: dict[str, Any]) -> ReceivedMail:
    message = message_from_string(item["raw_data"], policy=policy.default)
    body = message.get_body(("plain",))
    to = tuple(address.addr_spec for address in message["To"].addresses)
    files = (part for part in message.iter_attachments() if part.get_content_type() == "text/calendar")
    return ReceivedMail(
        to,
        str(message["Subject"]),
        str(body.get_content()) if body else "",
        "".join(str(part.get_content()) for part in files),
    )
