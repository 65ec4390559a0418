"""The pieces of configuring a tenant's issuers: where its keys are, whether it works, who is left outside."""

from __future__ import annotations

import json
from collections.abc import Collection

from common.domain.staff import Issuer, Role, identify
from common.domain.targets import check_target
from common.errors import InvalidRequest, NotAllowed, Rejected, Retry, Stop, UntrustedCaller
from common.ports import Ports

LARGEST_DISCOVERY = 64 * 1024
LONGEST_ADDRESS = 2_000


def discovered(ports: Ports, url: str) -> str:
    """Where an issuer says that its keys are.

    https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig

    Raises:
        InvalidRequest: There is no such document, or it is another issuer's.
    """
    try:
        raw = ports.courier.fetch(
            f"{url.rstrip('/')}/.well-known/openid-configuration", largest=LARGEST_DISCOVERY
        )
    except (Retry, Stop):
        raise InvalidRequest(
            "the issuer's openid-configuration cannot be fetched", code="issuer_unreachable"
        ) from None
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        document = None
    said = document if isinstance(document, dict) else {}
    keys = said.get("jwks_uri")
    # Only the issuer itself may say where its keys are; a document that names another one is somebody else's.
    if said.get("issuer") != url or not isinstance(keys, str) or len(keys) > LONGEST_ADDRESS:
        raise InvalidRequest("the openid-configuration is not this issuer's", code="invalid_issuer")
    check_target(keys, loopback=ports.courier.loopback)
    return keys


def prove(ports: Ports, issuer: Issuer, proof: str) -> None:
    """Demand that an owner can come in by this issuer, configured as it will be.

    Raises:
        InvalidRequest: The token does not stand up to it.
    """
    try:
        identity = identify(issuer, ports.witness.vouch(issuer, proof))
    except (Retry, Stop):
        raise InvalidRequest("the issuer's keys cannot be fetched", code="issuer_unreachable") from None
    except (UntrustedCaller, NotAllowed) as error:
        raise InvalidRequest(
            f"the proof does not hold under this configuration: {error.detail}", code="proof_refused"
        ) from None
    if identity.role is not Role.OWNER:
        raise InvalidRequest("the proof is not an owner's token", code="proof_refused")


def demand_way_in(own: Collection[str], *, installation: bool, vouched_by: str) -> None:
    """Demand that the caller, by whoever vouched for it, can come in again.

    Raises:
        Rejected: It could not, and so perhaps nobody could.
    """
    if vouched_by not in own and not (installation and not vouched_by):
        raise Rejected(
            "come with a token of an issuer that stays: this one could not be used afterwards",
            code="would_lock_out",
        )
