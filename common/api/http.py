"""Requests and answers of the HTTP API, apart from any framework: calls, replies, problems."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from common.domain.issuers import Role
from common.errors import InvalidRequest

JSON = "application/json"
PROBLEM = "application/problem+json"
DEEPEST = 20

Json = Any


class Access(StrEnum):
    """Who may call a route."""

    PUBLIC = "public"
    STAFF = "staff"
    CUSTOMER_OR_STAFF = "customer_or_staff"
    TASK = "task"
    SCHEDULER = "scheduler"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller; tenant and role come from the token and from nowhere else.

    ``issuer`` is the tenant's own one that vouched, or empty for one of the installation.
    """

    subject: str
    tenant: str = ""
    role: Role | None = None
    resources: tuple[str, ...] = ()
    issuer: str = ""

    def may(self, resource: str) -> bool:
        """Whether this caller may act for a resource: owners for all, staff for their own."""
        return self.role is Role.OWNER or (self.role is Role.STAFF and resource in self.resources)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one route."""

    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json = field(default=None, repr=False)
    caller: Caller | None = None
    # Whence the request came, as the rate limiter counts it.
    address: str = field(default="", repr=False)

    @property
    def staff(self) -> Caller:
        """The verified member of staff; only on routes that demand one."""
        if self.caller is None or self.caller.role is None:
            message = "this route was registered without staff access"
            raise LookupError(message)
        return self.caller

    @property
    def bearer(self) -> str | None:
        """The bearer token of a public call: a booking's management token."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``body`` is JSON unless ``content_type`` says otherwise (then it is text)."""

    body: Json = field(default=None, repr=False)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON

    def raw(self) -> bytes:
        """The bytes to send."""
        if self.body is None:
            return b""
        if self.content_type in {JSON, PROBLEM}:
            return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()
        return str(self.body).encode()


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An RFC 9457 answer with a stable ``code``."""
    body: dict[str, Json] = {
        "type": f"urn:slotbridge:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Reply(body=body, status=status, headers=headers or {}, content_type=PROBLEM)


class InvalidFields(InvalidRequest):
    """Some fields are not acceptable; ``errors`` names each with the reason."""

    code = "invalid_fields"

    def __init__(self, errors: Sequence[dict[str, str]]) -> None:
        super().__init__("some fields are not acceptable")
        self.errors = tuple(errors)


class MalformedJson(ValueError):
    """The body is not JSON that we accept."""


def parse_json(raw: bytes) -> Json:
    """Strict JSON: no duplicate keys, no NaN, bounded depth.

    Raises:
        MalformedJson: the text says in what way it is not acceptable.
    """
    try:
        value = _DECODE(raw.decode(json.detect_encoding(raw), "surrogatepass"))
    except (ValueError, RecursionError, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, MalformedJson) else "the body is not valid JSON"
        raise MalformedJson(reason) from None
    if _depth(value) > DEEPEST:
        raise MalformedJson("the body is nested too deeply")
    return value


def request_json(raw: bytes) -> Json:
    """The same of a request's body, whose sender is told.

    Raises:
        InvalidRequest: with code ``malformed_json``.
    """
    try:
        return parse_json(raw)
    except MalformedJson as error:
        raise InvalidRequest(str(error), code="malformed_json") from None


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedJson("the body names a field twice")
    return result


def _constant(name: str) -> Json:
    raise MalformedJson(f"{name} is not JSON")


# Made once: `json.loads` with arguments makes one for every body.
_DECODE = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant).decode


def _depth(value: Json) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        if deepest > DEEPEST:
            break
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return deepest
