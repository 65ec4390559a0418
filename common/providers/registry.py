"""Which providers an installation offers: those at which it is registered, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from common.config import Config, Misconfigured
from common.domain.calendar.connection import ProviderKind
from common.errors import OperatorFault
from common.ports.provider import Provider


class ProviderRegistry(Mapping[ProviderKind, Provider]):
    """Adapters by provider, each built when it is first asked for: what is not used needs no secrets.

    Work for a provider that is not offered (any more) needs the operator, not the user.
    """

    def __init__(self, builders: Mapping[ProviderKind, Callable[[], Provider]]) -> None:
        """Offer the providers that there are builders for."""
        self._builders = dict(builders)
        self._built: dict[ProviderKind, Provider] = {}

    def __getitem__(self, kind: ProviderKind) -> Provider:
        """The adapter.

        Raises:
            OperatorFault: Nobody: what waits for this provider waits until it is registered again.
            Misconfigured: It is registered by half, or no provider is.
        """
        if kind not in self._known():
            raise OperatorFault(f"this installation is not registered at {kind}", code="provider_not_offered")
        if kind not in self._built:
            self._built[kind] = self._builders[kind]()
        return self._built[kind]

    def __contains__(self, kind: object) -> bool:
        """Whether there is a registration, complete or not."""
        return kind in self._known()

    def __iter__(self) -> Iterator[ProviderKind]:
        """The providers that are offered."""
        return iter(self._known())

    def __len__(self) -> int:
        """How many are offered."""
        return len(self._known())

    def _known(self) -> Mapping[ProviderKind, object]:
        if not self._builders:
            names = " nor ".join(name for name, _ in _KNOWN.values())
            raise Misconfigured(f"neither the setting {names} is there")
        return self._builders


def provider_registry(config: Config, *, live_timeout: float) -> ProviderRegistry:
    """The adapters of all providers for which there is a client id."""
    return ProviderRegistry(
        {
            kind: partial(build, config, live_timeout)
            for kind, (name, build) in _KNOWN.items()
            if config.text(name, "")
        }
    )


def _google(config: Config, live_timeout: float) -> Provider:
    # What is not offered is not imported.
    from common.providers.google.authorizer import GoogleAuthorizer, GoogleRegistration  # noqa: PLC0415
    from common.providers.google.calendar import GoogleCalendar  # noqa: PLC0415
    from common.providers.google.client import GoogleClient  # noqa: PLC0415

    text = config.text
    registration = GoogleRegistration(
        client_id=text("GOOGLE_CLIENT_ID"),
        client_secret=text("GOOGLE_CLIENT_SECRET"),
        auth_uri=text("GOOGLE_AUTH_URI", "https://accounts.google.com/o/oauth2/v2/auth"),
        token_uri=text("GOOGLE_TOKEN_URI", "https://oauth2.googleapis.com/token"),
        revoke_uri=text("GOOGLE_REVOKE_URI", "https://oauth2.googleapis.com/revoke"),
        issuer=text("GOOGLE_ISSUER", ""),
    )
    endpoint = text("GOOGLE_CALENDAR_ENDPOINT", "https://www.googleapis.com/calendar/v3/")
    client = GoogleClient(endpoint=endpoint, live_timeout=live_timeout)
    return Provider(calendar=GoogleCalendar(client), authorizer=GoogleAuthorizer(registration))


def _microsoft(config: Config, live_timeout: float) -> Provider:
    from common.providers.microsoft.authorizer import (  # noqa: PLC0415
        MicrosoftAuthorizer,
        MicrosoftRegistration,
    )
    from common.providers.microsoft.calendar import MicrosoftCalendar  # noqa: PLC0415
    from common.providers.microsoft.client import GraphClient  # noqa: PLC0415

    text = config.text
    registration = MicrosoftRegistration(
        client_id=text("MICROSOFT_CLIENT_ID"),
        client_secret=text("MICROSOFT_CLIENT_SECRET"),
        authority=text("MICROSOFT_AUTHORITY", "https://login.microsoftonline.com/common"),
        login_endpoint=text("MICROSOFT_LOGIN_ENDPOINT", ""),
    )
    endpoint = text("GRAPH_ENDPOINT", "https://graph.microsoft.com/v1.0")
    client = GraphClient(endpoint=endpoint, live_timeout=live_timeout)
    return Provider(calendar=MicrosoftCalendar(client), authorizer=MicrosoftAuthorizer(registration))


_KNOWN: Mapping[ProviderKind, tuple[str, Callable[[Config, float], Provider]]] = {
    ProviderKind.GOOGLE: ("GOOGLE_CLIENT_ID", _google),
    ProviderKind.MICROSOFT: ("MICROSOFT_CLIENT_ID", _microsoft),
}
