"""Finds out who calls by verified OpenID tokens: staff, or the service accounts of tasks and scheduler."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, cast

from common.api.http import Caller
from common.domain.issuers import Issuer, Role, identify
from common.errors import NotAllowed, UntrustedCaller
from common.ports.machine import TokenVerifier

if TYPE_CHECKING:
    from common.store.issuers import Issuers


CACHED_FOR = timedelta(seconds=60)
# Shorter: whoever just added an issuer wants to use it.
NOTHING_CACHED_FOR = timedelta(seconds=10)
MOST_CACHED = 1_000
T = TypeVar("T")


class StaffAuthenticator:
    """Finds the member of staff behind an ID token; what tenants configured is cached for a minute."""

    def __init__(self, verifier: TokenVerifier, issuers: Issuers, *, now: Callable[[], datetime]) -> None:
        """Accept the tokens of the installation's issuers, and of those that tenants added (``issuers``)."""
        self._verifier, self._issuers, self._now = verifier, issuers, now
        self._installation = {(item.url, item.audience): item for item in verifier.installation}
        self._cache: OrderedDict[Hashable, tuple[datetime, object]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, token: str) -> Caller:
        """The caller behind a token.

        Raises:
            UntrustedCaller: the token is not valid, or of an issuer that nobody configured.
            NotAllowed: it names no role that we know, or a tenant that is not its issuer's.
        """
        pair = self._verifier.unverified_issuer(token)
        issuer = self._installation.get(pair) or self._tenant_issuer(*pair)
        if issuer is None:
            raise UntrustedCaller("nobody configured the issuer and audience of this token")
        identity = identify(issuer, self._verifier.verify(issuer, token))
        own = issuer.tenant is not None
        # Support comes from the installation alone, and only where the owner granted it.
        if not own and identity.role is not Role.SUPPORT and not self._accepts_installation(identity.tenant):
            raise NotAllowed("this tenant's staff comes from its own issuer", code="issuer_not_accepted")
        return Caller(
            subject=identity.subject,
            tenant=identity.tenant,
            role=identity.role,
            resources=identity.resources,
            issuer=issuer.id if own else "",
        )

    def _tenant_issuer(self, url: str, audience: str) -> Issuer | None:
        return self._cached(("issuer", url, audience), lambda: self._issuers.find(url, audience))

    def _accepts_installation(self, tenant: str) -> bool:
        return self._cached(("standing", tenant), lambda: self._issuers.standing(tenant).installation)

    def _cached(self, name: Hashable, ask: Callable[[], T]) -> T:
        now = self._now()
        with self._lock:
            until, value = self._cache.get(name, (now, None))
            if now < until:
                self._cache.move_to_end(name)
                return cast("T", value)
        found = ask()
        with self._lock:
            self._cache[name] = now + (NOTHING_CACHED_FOR if found is None else CACHED_FOR), found
            self._cache.move_to_end(name)
            while len(self._cache) > MOST_CACHED:
                self._cache.popitem(last=False)
        return found


class ServiceAuthenticator:
    """Checks that a token is of one of the given service accounts and made out to this very function.

    See https://cloud.google.com/tasks/docs/creating-http-target-tasks#token.
    """

    def __init__(self, verifier: TokenVerifier, issuer: Issuer, *, accounts: Collection[str]) -> None:
        """Accept ``accounts`` with tokens made out to the issuer's audience."""
        self._verifier, self._issuer = verifier, issuer
        self._accounts = frozenset(accounts)

    def __call__(self, token: str) -> Caller:
        """The calling service account.

        Raises:
            UntrustedCaller: the token is not valid, or another account's.
        """
        claims = self._verifier.verify(self._issuer, token)
        account = claims.get("email")
        if account not in self._accounts or claims.get("email_verified") is not True:
            raise UntrustedCaller("this service account may not call here")
        return Caller(subject=str(account))
