"""Which providers an installation offers: those at which it is registered, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from common.config import Config, Misconfigured
from common.domain.account import ProviderKind
from common.errors import OperatorFault
from common.ports import Provider


class Offered(dict[ProviderKind, Provider]):
    """Adapters by provider; work for one that is not offered (any more) needs the operator, not the user."""

    def __missing__(self, kind: ProviderKind) -> Provider:
        """Nobody: what waits for this provider waits until it is registered again."""
        raise OperatorFault(f"this installation is not registered at {kind}", code="provider_not_offered")


def offered(config: Config, *, live_timeout: float) -> Mapping[ProviderKind, Provider]:
    """The adapters of all providers for which there is a client id.

    Raises:
        Misconfigured: There is none at all, or one is registered by half.
    """
    known: Mapping[ProviderKind, tuple[str, Callable[[Config, float], Provider]]] = {
        ProviderKind.GOOGLE: ("GOOGLE_CLIENT_ID", _google),
        ProviderKind.MICROSOFT: ("MICROSOFT_CLIENT_ID", _microsoft),
    }
    found = Offered(
        {kind: build(config, live_timeout) for kind, (name, build) in known.items() if config.text(name, "")}
    )
    if not found:
        names = " nor ".join(name for name, _ in known.values())
        raise Misconfigured(f"neither the setting {names} is there")
    return found


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
