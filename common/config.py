"""Settings from the environment: every outside address is one, with production's value as default."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from common.domain.issuers import TENANT, Issuer
from common.domain.shared.tasks import Lane
from common.errors import Degraded

# Webhooks have no such limits, and start without them.
if TYPE_CHECKING:
    from common.domain.shared.rate_limits import Limits

_NUMBER = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_ISSUER = frozenset({"issuer", "audience", "jwks_uri", "tenants", "claims", "support"})


class Misconfigured(Degraded):
    """A setting is missing or malformed; ``str()`` names it (never its value), callers are told less."""

    code = "misconfigured"

    def __init__(self, text: str) -> None:
        super().__init__("this installation is not set up completely")
        self._text = text

    def __str__(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """Where tasks are queued, and whom the private functions trust."""

    project: str
    location: str
    queues: Mapping[Lane, str]
    service_account: str
    scheduler_account: str
    issuer: str
    jwks_uri: str
    grpc_host: str
    rest_endpoint: str

    def vouching(self, audience: str) -> Issuer:
        """Who signs the tokens of calls to a private function."""
        return Issuer(id="tasks", url=self.issuer, audience=audience, jwks_uri=self.jwks_uri)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that differs between two installations."""

    environment: Mapping[str, str] = field(repr=False)

    def text(self, name: str, default: str | None = None) -> str:
        """A setting's value.

        Raises:
            Misconfigured: it is not set and has no default.
        """
        value = self.environment.get(name, "")
        if value:
            return value
        if default is None:
            raise Misconfigured(f"the setting {name} is missing")
        return default

    def number(self, name: str, default: float) -> float:
        """A numeric setting."""
        text = self.environment.get(name, "")
        # float() reads "nan", "inf" and "1_0" too, which nobody means.
        if text and not _NUMBER.fullmatch(text.strip()):
            raise Misconfigured(f"the setting {name} is not a number")
        return float(text) if text else default

    def keys(self, name: str, default: tuple[bytes, ...] | None = None) -> tuple[bytes, ...]:
        """Hexadecimal keys of at least 32 bytes, separated by commas; the first one signs."""
        if default is not None and not self.environment.get(name, ""):
            return default
        try:
            keys = tuple(bytes.fromhex(part.strip()) for part in self.text(name).split(","))
        except ValueError:
            raise Misconfigured(f"the setting {name} is not a list of hexadecimal keys") from None
        if any(len(key) < 32 for key in keys):  # noqa: PLR2004 - HMAC-SHA256's own size
            raise Misconfigured(f"a key of {name} is shorter than 32 bytes")
        return keys

    def function_url(self, name: str) -> str:
        """Where a function is reached: its own address, or a path under the common one."""
        own = self.environment.get(f"FUNCTION_URL_{name.upper()}", "")
        return (own or f"{self.text('PUBLIC_BASE_URL').rstrip('/')}/{name}").rstrip("/")

    def page(self, name: str) -> str:
        """A page of the front end that mails and events lead to; empty where there is none.

        Raises:
            Misconfigured: it was deployed, and would lead people to their own machine, or mails nowhere.
        """
        address = self.text(name, "")
        # https://cloud.google.com/run/docs/container-contract#services-env-vars
        if not self.environment.get("K_SERVICE", "") or _public(address):
            return address
        if address:
            raise Misconfigured(f"the setting {name} is not an https address that others can open")
        if self.environment.get("MAIL_SENDER", ""):
            raise Misconfigured(f"the setting {name} is missing, and mails lead there")
        return ""

    @property
    def tasks(self) -> TaskConfig:
        """The queues' part; QUEUE_NAMES may rename the lanes' queues as a JSON object."""
        names = json.loads(self.text("QUEUE_NAMES", "{}"))
        return TaskConfig(
            project=self.text("GOOGLE_CLOUD_PROJECT"),
            location=self.text("TASKS_LOCATION"),
            queues={lane: str(names.get(lane.value, f"slotbridge-{lane.value}")) for lane in Lane},
            service_account=self.text("TASKS_SERVICE_ACCOUNT"),
            scheduler_account=self.text("SCHEDULER_SERVICE_ACCOUNT", self.text("TASKS_SERVICE_ACCOUNT")),
            issuer=self.text("TASKS_TOKEN_ISSUER", "https://accounts.google.com"),
            jwks_uri=self.text("TASKS_TOKEN_JWKS_URI", "https://www.googleapis.com/oauth2/v3/certs"),
            grpc_host=self.text("CLOUD_TASKS_EMULATOR_HOST", ""),
            rest_endpoint=self.text("CLOUD_TASKS_REST_ENDPOINT", "https://cloudtasks.googleapis.com"),
        )

    @property
    def staff(self) -> tuple[Issuer, ...]:
        """The issuers that vouch for staff of this installation: one for all, and more by STAFF_ISSUERS."""
        default = Issuer(
            id="installation",
            url=self.text("STAFF_TOKEN_ISSUER"),
            audience=self.text("STAFF_TOKEN_AUDIENCE"),
            jwks_uri=self.text("STAFF_TOKEN_JWKS_URI"),
            support=True,
        )
        try:
            described = json.loads(self.text("STAFF_ISSUERS", "[]"))
            return default, *(_issuer(number, item) for number, item in enumerate(described))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Misconfigured("the setting STAFF_ISSUERS is not a list of issuers") from None

    @property
    def limits(self) -> Limits:
        """How often callers without an account may come."""
        from common.domain.shared.rate_limits import MOST_HOPS, Limits  # noqa: PLC0415

        number, usual = self.number, Limits()
        hops = int(number("CLIENT_HOPS", usual.hops))
        if not 0 <= hops <= MOST_HOPS:
            raise Misconfigured("the setting CLIENT_HOPS is not a number of hops")
        return Limits(
            requests=max(1, int(number("LIMIT_ADDRESS_REQUESTS", usual.requests))),
            address=int(number("LIMIT_ADDRESS_CHANGES", usual.address)),
            tenant=int(number("LIMIT_TENANT_CHANGES", usual.tenant)),
            contact=int(number("LIMIT_CONTACT_CHANGES", usual.contact)),
            hops=hops,
        )

    @property
    def console_origins(self) -> tuple[str, ...]:
        """The origins of the staff console, exactly as browsers send them, separated by commas."""
        return tuple(part.strip() for part in self.text("CONSOLE_ORIGINS", "").split(",") if part.strip())


def _public(address: str) -> bool:
    """Whether people elsewhere can open it: https, and neither this machine nor a private network."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        return parts.scheme == "https" and ipaddress.ip_address(host).is_global
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
        return parts.scheme == "https" and bool(host) and not local


def _issuer(number: int, described: Mapping[str, Any]) -> Issuer:
    """An issuer beside the first one; only what is named here is understood."""
    claims, tenants = described.get("claims") or {}, described.get("tenants") or []
    # A text would be taken apart into letters, and bind the issuer to nobody that was meant.
    if not isinstance(tenants, list) or not all(map(TENANT.fullmatch, tenants)):
        raise TypeError(number)
    if set(described) - _ISSUER or set(claims) - {"tenant", "role", "resources"}:
        raise KeyError(number)
    return Issuer(
        id=f"installation-{number + 1}",
        url=str(described["issuer"]),
        audience=str(described["audience"]),
        jwks_uri=str(described["jwks_uri"]),
        tenants=tuple(tenants),
        tenant_claim=str(claims.get("tenant") or "tenant"),
        role_claim=str(claims.get("role") or "role"),
        resources_claim=str(claims.get("resources") or "resources"),
        support=described.get("support") is True,
    )
