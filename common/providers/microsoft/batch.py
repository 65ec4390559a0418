"""Asks several questions in one request, each with an answer or an error of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from common.errors import ProviderUnavailable, SyncError, UnexpectedReply
from common.providers.microsoft.client import GraphClient, error_for
from common.providers.microsoft.wire import Ask, Reply, read_refusal

# https://learn.microsoft.com/graph/json-batching
MOST = 20


def ask_all(client: GraphClient, token: str, asks: Sequence[Ask]) -> tuple[Reply | SyncError, ...]:
    """The answers to up to twenty live questions; the 200 around them says nothing of any of them.

    Raises:
        SyncError: The request as a whole was refused.
    """
    steps = [
        {"id": str(at), "method": ask.method, "url": client.relative(ask), "headers": dict(ask.headers)}
        for at, ask in enumerate(asks)
    ]
    reply = client.read(token, Ask("POST", "/$batch", body={"requests": steps}), live=True)
    listed = reply.get("responses")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    heard = {str(one.get("id")): one for one in found}
    return tuple(_answer(heard.get(str(at))) for at in range(len(asks)))


def _answer(step: Mapping[str, Any] | None) -> Reply | SyncError:
    """One answer; one that is missing is never the same as an empty one."""
    status, body = (step.get("status"), step.get("body")) if step else (None, None)
    if not step or not isinstance(status, int):
        return UnexpectedReply("a calendar is missing from the answer", code="calendar_missing")
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        headers = step.get("headers")
        named = (
            {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
        )
        return error_for(read_refusal(status, named, body))
    if not isinstance(body, dict):
        return ProviderUnavailable("Graph's answer is not whole", code="unreadable_reply")
    return body
