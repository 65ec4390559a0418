"""Answers every request of a function: finds the route, checks the caller, runs it, answers errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from flask import Request, Response

from common.api.cors import AllowedOrigins, OriginCheck
from common.api.http import JSON, Access, Call, Caller, Reply, problem, request_json
from common.api.problems import answer
from common.api.routes import Route, RouteTable, description
from common.domain.issuers import TENANT
from common.errors import (
    InvalidRequest,
    NotAllowed,
    SyncError,
    TooLarge,
    UnsupportedMedia,
    UntrustedCaller,
)

# Providers' webhooks have no rate limiter, and start without it: a signature shows who calls them.
if TYPE_CHECKING:
    from common.api.rate_limiter import RateLimiter

METHODS_WITHOUT_EFFECT = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
ANONYMOUS = frozenset({Access.PUBLIC, Access.CUSTOMER_OR_STAFF})
BROWSERS = frozenset({Access.PUBLIC, Access.STAFF, Access.CUSTOMER_OR_STAFF})
# An ID token is a JWT, of three parts; a booking's management token has no dots.
JWT_DOTS = 2
CORS_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"


class RequestLog(Protocol):
    """The structured log."""

    def info(self, event: str, **fields: str | float | bool | None) -> None:
        """Log what happened."""

    def warning(self, event: str, **fields: str | float | bool | None) -> None:
        """Log what a person should look at."""

    def error(self, event: str, **fields: str | float | bool | None) -> None:
        """Log what is broken."""


class HandlerServices(Protocol):
    """What the handler needs of the installation (`common/wiring.py`)."""

    @property
    def log(self) -> RequestLog:
        """The structured log."""

    def authenticate(self, access: Access, token: str, function: str) -> Caller:
        """The caller that a bearer token belongs to.

        Raises:
            UntrustedCaller: The token is not valid.
        """

    def origin_allowed(self, origin: str, tenant: str | None) -> bool:
        """Whether web pages of this origin may call for this tenant, or (None) for all."""

    @property
    def rate_limiter(self) -> RateLimiter:
        """What refuses callers that come too often."""


class Function:
    """One deployed function: answers requests by its table of routes."""

    def __init__(self, name: str, routes: Sequence[Route], services: Callable[[], HandlerServices]) -> None:
        """Answer ``routes``; ``services`` is called at each request, and not at import."""
        self._name = name
        self.routes = (*routes, description(name))
        self._table = RouteTable(self.routes)
        self._services = services
        self._allowed_lately = AllowedOrigins()
        self._browsers = any(route.access in BROWSERS for route in routes)

    def __call__(self, request: Request) -> Response:
        """Answer one request; this is the only place that catches everything."""
        started = time.monotonic()
        services = self._services()
        origin = OriginCheck(request, services, self._allowed_lately, browsers=self._browsers)
        try:
            reply = self._preflight(request, origin) or self._answer(request, services, origin)
        except SyncError as error:
            reply = answer(error)
            if error.reason == "misconfigured":
                # The text names the setting, which only operators are to read.
                services.log.error(  # noqa: TRY400 - a structured line, no stack trace
                    "request_crashed", function=self._name, error=type(error).__name__, at=str(error)
                )
        except Exception as error:  # noqa: BLE001 - the one place for it: no answer is a stack trace
            # The type alone: a message may hold what is private.
            services.log.error(  # noqa: TRY400 - a structured line, no stack trace
                "request_crashed", function=self._name, error=type(error).__name__, at=_place(error)
            )
            reply = problem(500, "internal_error", "something went wrong here; it was logged")
        services.log.info(
            "request",
            function=self._name,
            method=request.method,
            status=reply.status,
            code=reply.body.get("code") if isinstance(reply.body, dict) and reply.status >= 400 else None,  # noqa: PLR2004
            milliseconds=round((time.monotonic() - started) * 1000, 1),
        )
        headers = {**HEADERS, **origin.cors_headers(), **reply.headers}
        content_type = reply.content_type if reply.body is not None else None
        return Response(reply.raw(), status=reply.status, headers=headers, content_type=content_type)

    def _answer(self, request: Request, services: HandlerServices, origin: OriginCheck) -> Reply:
        route, parameters = self._table.find(request.method, request.path)
        if route.access in ANONYMOUS:
            origin.count_request()
        caller = self._caller(route, request, services, origin.address)
        if caller is not None:
            origin.caller_is_verified()
        query = _query(request)
        if caller is not None and caller.tenant:
            origin.tenant = caller.tenant
        if origin.tenant != query.get("tenant", origin.tenant):
            raise NotAllowed("the token is of another tenant than the query", code="tenant_mismatch")
        if request.method not in METHODS_WITHOUT_EFFECT and not origin.may_change():
            raise NotAllowed("pages of this origin may not call", code="origin_not_allowed")
        if caller is not None and route.roles and caller.role not in route.roles:
            raise NotAllowed("this role may not do that", code="role_not_allowed")
        call = Call(
            method=request.method,
            path=parameters,
            query=query,
            headers=request.headers,  # type: ignore[arg-type]  # case-insensitive mapping
            body=_body(route, request),
            caller=caller,
            address=origin.address,
        )
        # What has not the form of a tenant's id is refused by the route itself, and not counted.
        if caller is None and route.access in ANONYMOUS and TENANT.fullmatch(call.query.get("tenant", "")):
            services.rate_limiter.count_change(
                call, call.query["tenant"], address=origin.address, contact=route.contact(call)
            )
        return route.run(call)

    def _caller(
        self, route: Route, request: Request, services: HandlerServices, address: str
    ) -> Caller | None:
        if route.access in {Access.PUBLIC, Access.PROVIDER}:
            return None
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if route.access is Access.CUSTOMER_OR_STAFF and token.count(".") != JWT_DOTS:
            return None
        if scheme.lower() != "bearer" or not token:
            raise UntrustedCaller("a bearer token is needed here")
        with services.rate_limiter.count_refused_tokens(address, route.access in BROWSERS):
            return services.authenticate(route.access, token, self._name)

    def _preflight(self, request: Request, origin: OriginCheck) -> Reply | None:
        if (
            not self._browsers
            or request.method != "OPTIONS"
            or "Access-Control-Request-Method" not in request.headers
        ):
            return None
        methods = self._table.methods(request.path)
        if not methods or not origin.allowed():
            raise NotAllowed("pages of this origin may not call", code="origin_not_allowed")
        return Reply(
            status=204,
            headers={
                "Access-Control-Allow-Methods": ", ".join(methods),
                "Access-Control-Allow-Headers": CORS_HEADERS,
                "Access-Control-Max-Age": "600",
            },
        )


def _query(request: Request) -> dict[str, str]:
    query: dict[str, str] = {}
    if not request.query_string:
        return query
    for key, values in request.args.lists():
        if len(values) > 1:
            raise InvalidRequest(f"the parameter {key[:40]!r} is given twice")
        query[key] = values[0]
    return query


def _body(route: Route, request: Request) -> object:
    # Checked before anything is read: the framework accepts any size.
    if request.content_length is not None and request.content_length > route.limit:
        raise TooLarge(f"the body is larger than {route.limit} bytes")
    raw = request.stream.read(route.limit + 1)
    if len(raw) > route.limit:
        raise TooLarge(f"the body is larger than {route.limit} bytes")
    if route.raw:
        return raw
    if not route.body:
        # Many clients send an empty object where there is nothing to say.
        if raw.strip() not in {b"", b"{}"} and route.access is not Access.PROVIDER:
            raise InvalidRequest("this call takes no body")
        return None
    if request.mimetype != JSON:
        raise UnsupportedMedia("the body must be application/json")
    return request_json(raw)


def _place(error: BaseException) -> str:
    """File and line where an error was raised: the part of a stack trace that holds nothing private."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}" if trace else ""
