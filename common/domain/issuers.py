"""Who vouches for staff: which tenants an issuer may name, and who its tokens say that somebody is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from common.domain.shared.url_policy import check_target
from common.errors import InvalidRequest, NotAllowed, UntrustedCaller

SKEW = timedelta(seconds=30)
MOST_ISSUERS = 10
LONGEST_SUBJECT = 255
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Role(StrEnum):
    """What a member of staff is, as an issuer says; the first one counts where it says several."""

    OWNER = "owner"
    STAFF = "staff"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OpenID issuer and the audience of its tokens for us.

    With a ``tenant`` it was added by that tenant and can name no other. Without one it is the installation's
    and may name the ``tenants``, or all where there are none. The names of claims may be paths
    (``firebase.tenant``); a tenant's own issuer needs no ``tenant_claim``.
    """

    id: str
    url: str
    audience: str
    jwks_uri: str
    tenant: str | None = None
    tenants: tuple[str, ...] = ()
    tenant_claim: str | None = "tenant"
    tenant_value: str | None = None
    role_claim: str = "role"
    resources_claim: str = "resources"
    support: bool = False
    added_at: datetime | None = None
    added_by: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the installation's issuers vouch for this tenant's staff beside its own."""

    tenant: str
    installation: bool = True
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a verified token says that somebody is."""

    subject: str
    tenant: str
    role: Role
    resources: tuple[str, ...] = ()


def issuer_id(url: str, audience: str) -> str:
    """The one id of an issuer's tokens for one audience: nobody else can claim the same pair."""
    pair = f"{len(url)}:{url}{audience}"
    return f"is{hashlib.sha256(pair.encode()).hexdigest()[:40]}"


def check_issuer(url: str, jwks_uri: str | None, *, loopback: bool) -> None:
    """Refuse what cannot be an issuer, before anything is looked up.

    Keys that are given instead of discovered lie below the issuer's own address: whoever can put them there
    is the issuer, and nobody can speak for an issuer that is somebody else's.

    Raises:
        InvalidRequest: Not https, with a query, or with keys elsewhere.
    """
    for address in filter(None, (url, jwks_uri)):
        check_target(address, loopback=loopback)
    if urlsplit(url).query or "?" in url:
        raise InvalidRequest("an issuer's address has no query", code="invalid_issuer")
    if jwks_uri is not None and not below(jwks_uri, url):
        raise InvalidRequest(
            "keys that are not discovered lie below the issuer's address", code="invalid_issuer"
        )


def below(address: str, root: str) -> bool:
    """Whether an address is literally below another one, without steps upwards or disguises of them."""
    rest = address.removeprefix(root.rstrip("/") + "/")
    return rest not in {address, ""} and ".." not in rest and "%" not in rest and "//" not in rest


def audience_of(claims: Mapping[str, Any]) -> str:
    """The one party that a token was made out to.

    Of several audiences the authorized party is meant, which must then be one of them:
    https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation

    Raises:
        UntrustedCaller: It does not say.
    """
    named, party = claims.get("aud"), claims.get("azp")
    audiences = [named] if isinstance(named, str) else named
    if (
        not isinstance(audiences, list)
        or not audiences
        or not all(isinstance(item, str) for item in audiences)
    ):
        raise UntrustedCaller("the token names no audience")
    if len(audiences) == 1:
        return str(audiences[0])
    if party not in audiences:
        raise UntrustedCaller("the token has several audiences, and none of them is its authorized party")
    return str(party)


def check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """Refuse a token outside of its time; half a minute of difference between clocks is forgiven.

    Raises:
        UntrustedCaller: It has ended, has not begun, or does not say when.
    """
    moment, skew = now.timestamp(), SKEW.total_seconds()
    ends, made = _number(claims, "exp"), _number(claims, "iat")
    begins = _number(claims, "nbf") if "nbf" in claims else made
    if moment >= ends + skew:
        raise UntrustedCaller("the token has ended", code="token_expired")
    if made > moment + skew or begins > moment + skew:
        raise UntrustedCaller("the token is not valid yet")


def identify(issuer: Issuer, claims: Mapping[str, Any]) -> Identity:
    """Who a verified token stands for.

    Raises:
        NotAllowed: It names no role that its issuer may vouch for, or a tenant that is not the issuer's.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise UntrustedCaller("the token names nobody")
    tenant = _tenant(issuer, claims)
    role = _role(issuer, claims)
    # A tenant's own issuer chooses its subjects freely: none of them passes for somebody else's.
    who = subject if issuer.tenant is None else f"{issuer.id[:10]}:{subject}"
    return Identity(who, tenant, role, _texts(claim(claims, issuer.resources_claim)))


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path into nested ones; None where there is none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _tenant(issuer: Issuer, claims: Mapping[str, Any]) -> str:
    named = claim(claims, issuer.tenant_claim) if issuer.tenant_claim else None
    if issuer.tenant is not None:
        if issuer.tenant_claim and named != (issuer.tenant_value or issuer.tenant):
            raise NotAllowed("the token is not for this issuer's tenant", code="foreign_tenant")
        return issuer.tenant
    # A tenant's id stands in document paths and push tokens, so it has the form of all ids.
    if not isinstance(named, str) or not TENANT.fullmatch(named):
        raise NotAllowed("the token names no tenant or no known role", code="no_role")
    if issuer.tenants and named not in issuer.tenants:
        raise NotAllowed("the token is not for a tenant of this issuer", code="foreign_tenant")
    return named


def _role(issuer: Issuer, claims: Mapping[str, Any]) -> Role:
    said = claim(claims, issuer.role_claim)
    words = {said} if isinstance(said, str) else {word for word in _sequence(said) if isinstance(word, str)}
    role = next((role for role in Role if role.value in words), None)
    if role is None:
        raise NotAllowed("the token names no tenant or no known role", code="no_role")
    if role is Role.SUPPORT and (issuer.tenant is not None or not issuer.support):
        raise NotAllowed("this issuer does not vouch for support", code="role_not_trusted")
    return role


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in _sequence(value) if isinstance(item, str))


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # No other form of a time is a NumericDate: https://www.rfc-editor.org/rfc/rfc7519#section-2
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:  # noqa: PLR2004
        raise UntrustedCaller(f"the token's {name} is missing or no time")
    return float(value)
