"""Routes: what a function answers to, who may call it, and how large a body may be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from werkzeug.exceptions import MethodNotAllowed as WrongMethod
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from common.api.http import Access, Call, Reply
from common.domain.issuers import Role
from common.errors import MethodNotAllowed, UnknownResource

KILOBYTE = 1024


def first_path_parameter(call: Call) -> str | None:
    """The one thing that a path names first."""
    return next(iter(call.path.values()), None)


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path; ``body`` says whether a JSON body is read at all, ``raw`` to leave it unread.

    A ``raw`` body reaches the route as bytes, of whatever type it says that it is. ``contact`` says for whom
    a caller without an account changes something, which is limited: by default the one thing of the path.
    """

    method: str
    path: str
    access: Access
    run: Callable[[Call], Reply]
    roles: frozenset[Role] = frozenset()
    body: bool = False
    limit: int = 64 * KILOBYTE
    raw: bool = False
    contact: Callable[[Call], str | None] = first_path_parameter


def public(method: str, path: str, run: Callable[[Call], Reply], *, body: bool = False) -> Route:
    """A route for everybody."""
    return Route(method, path, Access.PUBLIC, run, body=body)


def staff(
    method: str,
    path: str,
    run: Callable[[Call], Reply],
    *,
    body: bool = False,
    roles: Sequence[Role] = (Role.OWNER, Role.STAFF),
) -> Route:
    """A route for verified members of staff with one of ``roles``."""
    return Route(method, path, Access.STAFF, run, roles=frozenset(roles), body=body)


def owner(method: str, path: str, run: Callable[[Call], Reply], *, body: bool = False) -> Route:
    """A route for the tenant's owners."""
    return staff(method, path, run, body=body, roles=(Role.OWNER,))


def customer_or_staff(
    method: str,
    path: str,
    run: Callable[[Call], Reply],
    *,
    body: bool = False,
    contact: Callable[[Call], str | None] = first_path_parameter,
    roles: Sequence[Role] = (Role.OWNER, Role.STAFF),
) -> Route:
    """A route for a booking's customer (management token) and for staff (ID token) with one of ``roles``."""
    access, allowed = Access.CUSTOMER_OR_STAFF, frozenset(roles)
    return Route(method, path, access, run, roles=allowed, body=body, contact=contact)


def push(run: Callable[[Call], Reply]) -> Route:
    """The one route of a webhook without a body."""
    return Route("POST", "/", Access.PROVIDER, run)


def batch_push(run: Callable[[Call], Reply]) -> Route:
    """The one route of a webhook that is sent several messages at once, and proofs of its address."""
    return Route("POST", "/", Access.PROVIDER, run, raw=True, limit=256 * KILOBYTE)


class RouteTable:
    """Finds the route of a request; what is not in the table does not exist."""

    def __init__(self, routes: Sequence[Route]) -> None:
        """Keep the routes by path and method."""
        self._routes = {(route.path, route.method): route for route in routes}
        rules = [Rule(route.path, methods=[route.method], endpoint=route.path) for route in routes]
        self._map = Map(rules, strict_slashes=False, merge_slashes=False, redirect_defaults=False)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the path's parameters.

        Raises:
            UnknownResource: there is no such path.
            MethodNotAllowed: the path has no such method.
        """
        plain = self._routes.get((path, method))
        if plain is not None and "<" not in path:
            return plain, {}
        adapter = self._map.bind("function")
        try:
            endpoint, parameters = adapter.match(path or "/", method=method)
        except WrongMethod as error:
            raise MethodNotAllowed(*sorted(error.valid_methods or [])) from None
        except (NotFound, RequestRedirect):
            raise UnknownResource("there is no such route", code="unknown_route") from None
        # HEAD is answered as GET without a body.
        verb = "GET" if method == "HEAD" else method
        return self._routes[str(endpoint), verb], {key: str(value) for key, value in parameters.items()}

    def methods(self, path: str) -> list[str]:
        """The methods of a path, for a preflight; empty where there is no such path."""
        try:
            return sorted(self._map.bind("function").allowed_methods(path or "/"))
        except NotFound:
            return []


DOCUMENT_PATH = "/openapi.json"
PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT_CACHE = "public, max-age=300"
DOCUMENT_TYPE = "application/json; charset=utf-8"


def description(function: str) -> Route:
    """GET /openapi.json: for everybody, since it tells nothing of anybody."""
    return Route("GET", DOCUMENT_PATH, Access.PUBLIC, lambda call: _document_reply(call, function))


def _document_reply(call: Call, function: str) -> Reply:
    text, tag = _document(function)
    headers = {"ETag": tag, "Cache-Control": DOCUMENT_CACHE}
    known = {part.strip().removeprefix("W/") for part in call.headers.get("If-None-Match", "").split(",")}
    if tag in known or "*" in known:
        return Reply(status=304, headers=headers)
    return Reply(body=text, headers=headers, content_type=DOCUMENT_TYPE)


@cache
def _document(function: str) -> tuple[str, str]:
    """The text and its ETag; read at the first request and not at a cold start."""
    text = (PROJECT / "functions" / function / "openapi.json").read_text()
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
