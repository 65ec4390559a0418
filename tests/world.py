"""A whole Slotbridge in one process: its catalogue, simulated providers, and people who connect accounts."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

from common import wiring
from common.api.consent import error_number_in
from common.api.http import Access, Caller
from common.api.rate_limiter import RateLimiter
from common.domain.calendar.connection import Connection, ProviderKind
from common.domain.catalogue.records import Resource, Service, Tenant, WeeklyHours
from common.domain.issuers import Role
from common.errors import UntrustedCaller
from common.flows.connect.complete_connection import finish_consent
from common.flows.connect.consent import start_consent
from common.ports import Ports
from common.push_ports import PushPorts
from common.store import Stores
from tests.machinery import Machinery

ACCOUNT = "anna@example.com"
OUTLOOK = "anna@contoso.test"
RETURN_TO = "https://console.example/connected"
WEEKDAYS = WeeklyHours.of({day: ["09:00-12:00", "13:00-17:00"] for day in range(5)})


class World(Machinery):
    """Everything that runs, together with the catalogue and the provider accounts of a test."""

    def install(self) -> None:
        """Make the functions' HTTP entry points use this world."""
        wiring.use(Installed(self))

    def catalogue(
        self,
        *,
        tenant: Tenant | None = None,
        resource: Resource | None = None,
        service: Service | None = None,
    ) -> None:
        """Make a tenant with one resource (anna) and one service (cut: 30 minutes, every 15 minutes)."""
        ports = self.ports
        ports.catalogue.save_tenant(
            tenant
            or Tenant(id=self.tenant, name="Salon", zone="Europe/Zurich", return_addresses=(RETURN_TO,))
        )
        ports.catalogue.save_resource(
            self.tenant,
            resource or Resource(id="anna", name="Anna", email=ACCOUNT, zone="Europe/Zurich", hours=WEEKDAYS),
        )
        ports.catalogue.save_service(
            self.tenant,
            service
            or Service(
                id="cut",
                name="Cut",
                duration=timedelta(minutes=30),
                buffer_before=timedelta(0),
                buffer_after=timedelta(0),
                step=timedelta(minutes=15),
                notice=timedelta(0),
                horizon=timedelta(days=365),
                resources=("anna",),
            ),
        )

    def account(self, email: str = ACCOUNT, *, zone: str = "Europe/Zurich") -> None:
        """Make a Google account with its primary calendar."""
        self.google.admin.add_account(email, time_zone=zone)

    def outlook(self, email: str = OUTLOOK, **options: Any) -> str:
        """Make a Microsoft account; returns the id of its default calendar."""
        self.microsoft.admin.add_account(email, **options)
        return str(self.microsoft.admin.default_calendar(email))

    def connect(
        self,
        email: str = ACCOUNT,
        *,
        resource: str = "anna",
        provider: ProviderKind = ProviderKind.GOOGLE,
        **consent: Any,
    ) -> Connection:
        """Connect a calendar account, as its owner would in a browser."""
        outcome = self.consent(email, resource=resource, provider=provider, **consent)
        assert outcome.outcome in {"connected", "reconnected"}, outcome.outcome
        return self.ports.connections.get(self.tenant, outcome.connection or "")

    def consent(
        self,
        email: str = ACCOUNT,
        *,
        resource: str = "anna",
        provider: ProviderKind = ProviderKind.GOOGLE,
        connection: str | None = None,
        **consent: Any,
    ) -> Any:
        """Start a consent, answer it at the provider and finish it; returns the outcome, whatever it is."""
        started = start_consent(
            self.ports,
            tenant=self.tenant,
            resource=resource,
            provider=provider,
            subject="staff-1",
            return_to=RETURN_TO,
            connection=connection,
        )
        side: Any = self.google if provider is ProviderKind.GOOGLE else self.microsoft
        back = side.consent(started.url, account=email, **consent)
        return self.follow_redirect(back)

    def follow_redirect(self, address: str) -> Any:
        """Follow the provider's redirect back to Slotbridge, as the browser does."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return finish_consent(
            self.ports,
            state=query.get("state", ""),
            code=query.get("code"),
            error=query.get("error"),
            error_number=error_number_in(query.get("error_description", "")),
            issuer=query.get("iss"),
        )


class Installed(wiring.Installation):
    """An installation whose providers, recipients and clock are those of a world."""

    def __init__(self, world: World) -> None:
        super().__init__(world.config)
        self._world = world
        self.log = world.log  # type: ignore[assignment]

    @property
    def ports(self) -> Ports:  # type: ignore[override]
        return self._world.ports

    @property
    def push_ports(self) -> PushPorts:  # type: ignore[override]
        return self._world.push_ports

    @property
    def stores(self) -> Stores:  # type: ignore[override]
        return self._world.stores

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """The usual rate limits, measured by this world's clock."""
        world = self._world
        return RateLimiter(
            self.config.limits,
            lambda: world.stores.rate_counts,
            sign=world.ports.keys.sign,
            now=world.clock.now,
        )

    def authenticate(self, access: Access, token: str, function: str) -> Caller:
        """Accept test tokens of the form "role.tenant.resource"; real tokens are tested elsewhere."""
        if access in {Access.TASK, Access.SCHEDULER}:
            if token != f"service.{function}.x":
                raise UntrustedCaller("not the service account")
            return Caller(subject="service")
        role, _, rest = token.partition(".")
        tenant, dot, resource = rest.partition(".")
        if role not in set(Role) or not dot:
            raise UntrustedCaller("the bearer token is not valid")
        return Caller(subject=f"{role}-1", tenant=tenant, role=Role(role), resources=(resource,))
