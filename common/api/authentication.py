"""Turns verified OpenID tokens into callers: of staff, and of Cloud Tasks and Cloud Scheduler."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, cast

from common.api.http import Caller
from common.domain.issuers import Issuer, Role, identify
from common.errors import NotAllowed, UntrustedCaller
from common.ports.outside import TokenVerifier

if TYPE_CHECKING:
    from common.store.issuers import Issuers


REMEMBERED = timedelta(seconds=60)
# Shorter: whoever just added an issuer wants to use it.
UNKNOWN_REMEMBERED = timedelta(seconds=10)
MOST_REMEMBERED = 1_000
T = TypeVar("T")


class StaffAuthenticator:
    """Turns a staff member's ID token into a caller; what tenants configured is known for a minute."""

    def __init__(self, verifier: TokenVerifier, issuers: Issuers, *, now: Callable[[], datetime]) -> None:
        """Accept the tokens of the installation's issuers, and of those that tenants added."""
        self._verifier, self._issuers, self._now = verifier, issuers, now
        self._installation = {(item.url, item.audience): item for item in verifier.installation}
        self._known: OrderedDict[Hashable, tuple[datetime, object]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, token: str) -> Caller:
        """The caller behind a token.

        Raises:
            UntrustedCaller: the token is not valid, or of an issuer that nobody configured.
            NotAllowed: it names no role that we know, or a tenant that is not its issuer's.
        """
        named = self._verifier.unverified_issuer(token)
        issuer = self._installation.get(named) or self._of_a_tenant(*named)
        if issuer is None:
            raise UntrustedCaller("nobody configured the issuer and audience of this token")
        identity = identify(issuer, self._verifier.verify(issuer, token))
        own = issuer.tenant is not None
        # Support comes from the installation alone, and only where the owner granted it.
        if not own and identity.role is not Role.SUPPORT and not self._accepts(identity.tenant):
            raise NotAllowed("this tenant's staff comes from its own issuer", code="issuer_not_accepted")
        return Caller(
            subject=identity.subject,
            tenant=identity.tenant,
            role=identity.role,
            resources=identity.resources,
            issuer=issuer.id if own else "",
        )

    def _of_a_tenant(self, url: str, audience: str) -> Issuer | None:
        return self._remembered(("issuer", url, audience), lambda: self._issuers.find(url, audience))

    def _accepts(self, tenant: str) -> bool:
        return self._remembered(("standing", tenant), lambda: self._issuers.standing(tenant).installation)

    def _remembered(self, name: Hashable, ask: Callable[[], T]) -> T:
        now = self._now()
        with self._lock:
            until, value = self._known.get(name, (now, None))
            if now < until:
                self._known.move_to_end(name)
                return cast("T", value)
        found = ask()
        with self._lock:
            self._known[name] = now + (UNKNOWN_REMEMBERED if found is None else REMEMBERED), found
            self._known.move_to_end(name)
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        return found


class ServiceAuthenticator:
    """Lets exactly these service accounts call, with a token made out to exactly this function.

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
