"""Decides which web pages may call a function from a browser and read its answer (CORS)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from flask import Request

from common.errors import SyncError, TooMany, UnknownResource

if TYPE_CHECKING:
    from common.api.rate_limiter import RateLimiter


EXPOSED_HEADERS = "ETag, Location, RateLimit, RateLimit-Policy, Retry-After"
MOST_REMEMBERED_ORIGINS = 1_000


class OriginRules(Protocol):
    """What the check of an origin needs of the installation."""

    def origin_allowed(self, origin: str, tenant: str | None) -> bool:
        """Whether pages of this origin may call for this tenant.

        Without a tenant only the console's origins are compared, and nothing is read from the store.
        """

    @property
    def rate_limiter(self) -> RateLimiter:
        """What refuses callers that come too often."""


class AllowedOrigins:
    """The origins that were allowed lately, with their tenants.

    A page that comes too often is not looked up any more. If it was allowed lately it can still read the
    answer that tells it so.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._origins: OrderedDict[tuple[str, str | None], None] = OrderedDict()
        self._lock = Lock()

    def add(self, origin: str, tenant: str | None) -> None:
        """Remember one, and forget the oldest where there are too many."""
        with self._lock:
            self._origins[origin, tenant] = None
            self._origins.move_to_end((origin, tenant))
            while len(self._origins) > MOST_REMEMBERED_ORIGINS:
                self._origins.popitem(last=False)

    def __contains__(self, origin_and_tenant: tuple[str, str | None]) -> bool:
        """Whether an origin was allowed lately for a tenant."""
        with self._lock:
            return origin_and_tenant in self._origins


class OriginCheck:
    """The check of one request's origin: that of the web page from which a browser sent it, if one did.

    ``tenant`` is the query's until the caller's token says another one. ``address`` is the caller's network
    address, by which requests are counted.
    """

    def __init__(
        self, request: Request, rules: OriginRules, lately: AllowedOrigins, *, browsers: bool
    ) -> None:
        """Check nothing yet, and never anything of a function that no ``browsers`` call."""
        self._origin = request.headers.get("Origin", "") if browsers else ""
        self._rules, self._lately = rules, lately
        self._results: dict[str | None, bool] = {}
        self._counted = not browsers
        forwarded, remote = request.headers.get("X-Forwarded-For", ""), request.remote_addr or ""
        self.address = rules.rate_limiter.client_address(forwarded, remote) if browsers else ""
        self.tenant = request.args.get("tenant")

    def count_request(self) -> None:
        """Count the request for the limit of its address, once.

        Raises:
            TooMany: There were too many from this address.
        """
        if not self._counted:
            self._rules.rate_limiter.count_request(self.address)
            self._counted = True

    def caller_is_verified(self) -> None:
        """Do not count this request: its token was valid."""
        self._counted = True

    def allowed(self) -> bool:
        """Whether the origin is the console's, or one that the tenant has listed; looked up once.

        Raises:
            TooMany: It would have to be looked up, and there were too many requests from this address.
        """
        if self.tenant not in self._results:
            self._results[self.tenant] = self._look_up()
            if self._results[self.tenant]:
                self._lately.add(self._origin, self.tenant)
        return self._results[self.tenant]

    def _look_up(self) -> bool:
        if self._rules.origin_allowed(self._origin, None):
            return True
        self.count_request()
        try:
            return self._rules.origin_allowed(self._origin, self.tenant)
        except UnknownResource:
            return False

    def may_change(self) -> bool:
        """Whether the request may change something: its origin is allowed, or no web page sent it."""
        return not self._origin or self.allowed()

    def cors_headers(self) -> Mapping[str, str]:
        """The headers that let the page read the answer, where its origin is allowed."""
        if not self._origin:
            return {}
        try:
            allowed = self.allowed()
        except TooMany:
            allowed = (self._origin, self.tenant) in self._lately
        except SyncError:
            allowed = False
        if not allowed:
            return {"Vary": "Origin"}
        exposed = {"Access-Control-Expose-Headers": EXPOSED_HEADERS}
        return {"Vary": "Origin", "Access-Control-Allow-Origin": self._origin, **exposed}
