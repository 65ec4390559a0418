"""A function with a few routes, its authentication, its rate limiter and its log."""

from __future__ import annotations

import json

from flask import Request
from werkzeug.test import EnvironBuilder

from common import errors
from common.api.handler import Function
from common.api.http import Access, Call, Caller, Reply
from common.api.rate_limiter import RateLimiter
from common.api.routes import customer_or_staff, owner, public, staff
from common.config import Misconfigured
from common.crypto.keys import HmacKeys
from common.domain.issuers import Role
from common.domain.shared.rate_limits import Limits
from common.errors import UntrustedCaller
from common.store import stores
from local.firestore_memory.documents import MemoryDocuments
from tests.issuers import START

CANARY = "canary-4711"


def now():
    return START


class RecordedLog:
    """Keeps the events that were logged, with their fields."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def info(self, event: str, **fields: object) -> None:
        self.lines.append((event, fields))

    warning = error = info


class FakeInstallation:
    """What a function needs of its installation: log, authentication, rate limits, origins of tenants."""

    def __init__(self) -> None:
        self.log = RecordedLog()
        self._rate_limiter = RateLimiter(
            Limits(), lambda: stores(MemoryDocuments()).rate_counts, sign=HmacKeys([b"k" * 32]).sign, now=now
        )

    def authenticate(self, access: Access, token: str, function: str) -> Caller:
        if token == "ta.sk.s" and access is Access.TASK:
            return Caller(subject="tasks@example.iam")
        if token in {"owner.a.b", "staff.a.b"} and access in {Access.STAFF, Access.CUSTOMER_OR_STAFF}:
            role = Role(token.split(".", maxsplit=1)[0])
            return Caller(subject="s", tenant="t1", role=role, resources=("anna",))
        raise UntrustedCaller("the bearer token is not valid")

    @property
    def rate_limiter(self) -> RateLimiter:
        return self._rate_limiter

    def origin_allowed(self, origin: str, tenant: str | None) -> bool:
        return origin == "https://console.example" or (tenant, origin) in {
            ("t1", "https://shop.example"),
            ("t2", "https://other.example"),
        }


def crash(_call: Call) -> Reply:
    """A route that fails with an unforeseen error."""
    raise RuntimeError(CANARY)


def unset(_call: Call) -> Reply:
    """A route that needs a setting that is missing."""
    raise Misconfigured("the setting GRANT_KEYSET is missing")


def refuse(_call: Call) -> Reply:
    """A route that refuses with a known error."""
    raise errors.SlotTaken("somebody else has that time")


def echo(call: Call) -> Reply:
    """A route that answers what it was called with."""
    return Reply({"path": dict(call.path), "query": dict(call.query), "body": call.body})


def who(call: Call) -> Reply:
    """A route that answers who called it."""
    return Reply({"tenant": call.caller.tenant if call.caller else None, "bearer": call.bearer})


ROUTES = (
    public("GET", "/", echo),
    public("POST", "/", echo, body=True),
    public("GET", "/crash", crash),
    public("GET", "/taken", refuse),
    public("GET", "/unset", unset),
    staff("GET", "/mine", who),
    owner("GET", "/owned", who),
    customer_or_staff("GET", "/either", who),
    public("GET", "/things/<thing>", echo),
)


def call(installation: FakeInstallation, method: str, path: str, routes=ROUTES, function=None, **options):
    """Send one request to a new function, or to the function given as ``function``."""
    builder = EnvironBuilder(method=method, path=path, **options)
    try:
        response = (function or Function("test", routes, lambda: installation))(
            Request(builder.get_environ())
        )
    finally:
        builder.close()
    body = json.loads(response.data) if response.data else None
    return response, body
