"""Which browser pages may call, and read the answer; a flood of their questions costs no reads."""

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
MOST_KNOWN = 1_000


class Gate(Protocol):
    """Who knows the pages of the console and of the tenants."""

    def origin_allowed(self, origin: str, tenant: str | None) -> bool:
        """Whether a browser page of this origin may call, for this tenant; without one nothing is read."""

    @property
    def rate_limiter(self) -> RateLimiter:
        """Who holds back callers that come too often."""


class KnownPages:
    """Pages that were allowed lately: who comes too often can still read so, though nobody is asked."""

    def __init__(self) -> None:
        """Start with none."""
        self._pages: OrderedDict[tuple[str, str | None], None] = OrderedDict()
        self._lock = Lock()

    def add(self, origin: str, tenant: str | None) -> None:
        """Remember one, and forget the oldest where there are too many."""
        with self._lock:
            self._pages[origin, tenant] = None
            self._pages.move_to_end((origin, tenant))
            while len(self._pages) > MOST_KNOWN:
                self._pages.popitem(last=False)

    def __contains__(self, page: tuple[str, str | None]) -> bool:
        """Whether it was allowed lately."""
        with self._lock:
            return page in self._pages


class BrowserPage:
    """The browser page that calls: one of the token's tenant, or of the query's where there is no token."""

    def __init__(self, request: Request, gate: Gate, known: KnownPages, *, looked_at: bool) -> None:
        """A function that no browser calls is not ``looked_at``."""
        self._origin = request.headers.get("Origin", "") if looked_at else ""
        self._gate, self._known = gate, known
        self._named: dict[str | None, bool] = {}
        self._counted = not looked_at
        forwarded, remote = request.headers.get("X-Forwarded-For", ""), request.remote_addr or ""
        self.address = gate.rate_limiter.who(forwarded, remote) if looked_at else ""
        self.tenant = request.args.get("tenant")

    def arrive(self) -> None:
        """Count the request, once.

        Raises:
            TooMany: This address came too often.
        """
        if not self._counted:
            self._gate.rate_limiter.arrive(self.address)
            self._counted = True

    def trusted(self) -> None:
        """Somebody whom we know: not counted."""
        self._counted = True

    def named(self) -> bool:
        """Whether it is the console's, or one that its tenant named; asked once, and only of who was counted.

        Raises:
            TooMany: This address came too often.
        """
        if self.tenant not in self._named:
            self._named[self.tenant] = self._asked()
            if self._named[self.tenant]:
                self._known.add(self._origin, self.tenant)
        return self._named[self.tenant]

    def _asked(self) -> bool:
        if self._gate.origin_allowed(self._origin, None):
            return True
        self.arrive()
        try:
            return self._gate.origin_allowed(self._origin, self.tenant)
        except UnknownResource:
            return False

    def may_call(self) -> bool:
        """The same; whoever calls without a page may."""
        return not self._origin or self.named()

    def cors(self) -> Mapping[str, str]:
        """What lets the page read the answer."""
        if not self._origin:
            return {}
        try:
            allowed = self.named()
        except TooMany:
            allowed = (self._origin, self.tenant) in self._known
        except SyncError:
            allowed = False
        if not allowed:
            return {"Vary": "Origin"}
        exposed = {"Access-Control-Expose-Headers": EXPOSED_HEADERS}
        return {"Vary": "Origin", "Access-Control-Allow-Origin": self._origin, **exposed}
