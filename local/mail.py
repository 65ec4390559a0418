"""Amazon SES on this machine, played by moto's server: takes mails, delivers none, and shows what it took."""

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
"""What boto3 needs to sign with; moto believes everything."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One mail that was handed over."""

    to: tuple[str, ...]
    subject: str
    text: str
    calendar: str = ""


class MailServer:
    """Runs from ``with`` to the end of it; the sender's identity is verified already."""

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
        """What SES_ENDPOINT has to be."""
        host, port = self._server.get_host_and_port()
        return f"http://{host}:{port}"

    def mails(self) -> tuple[Taken, ...]:
        """Every mail so far, in the order in which they came."""
        return mails_at(self.url)


def mails_at(url: str) -> tuple[Taken, ...]:
    """Every mail that the server there took, in the order in which they came."""
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("GET", f"{url}/moto-api/data.json")
        messages: list[dict[str, Any]] = json.loads(answer.data).get("ses", {}).get("RawMessage", [])
    return tuple(_taken(item) for item in messages)


def _taken(item: dict[str, Any]) -> Taken:
    message = message_from_string(item["raw_data"], policy=policy.default)
    body = message.get_body(("plain",))
    to = tuple(address.addr_spec for address in message["To"].addresses)
    files = (part for part in message.iter_attachments() if part.get_content_type() == "text/calendar")
    return Taken(
        to,
        str(message["Subject"]),
        str(body.get_content()) if body else "",
        "".join(str(part.get_content()) for part in files),
    )
