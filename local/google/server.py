"""Serves the simulated Google over HTTP, and names the addresses that its clients need."""

from local.google.simulator import GoogleSimulator
from local.simulation.server import SimulatorServer


class GoogleServer(SimulatorServer[GoogleSimulator]):
    """An HTTP server on the loopback address; its properties are the addresses to configure clients with."""

    @property
    def calendar_endpoint(self) -> str:
        """The base of the Calendar API (the setting GOOGLE_CALENDAR_ENDPOINT)."""
        return f"{self.url}/calendar/v3/"

    @property
    def batch_uri(self) -> str:
        """The address for batch requests."""
        return f"{self.url}/batch/calendar/v3"

    @property
    def auth_uri(self) -> str:
        """The address of the consent page (the setting GOOGLE_AUTH_URI)."""
        return f"{self.url}/o/oauth2/v2/auth"

    @property
    def token_uri(self) -> str:
        """The address of the token endpoint (the setting GOOGLE_TOKEN_URI)."""
        return f"{self.url}/token"

    @property
    def revoke_uri(self) -> str:
        """The address that revokes tokens (the setting GOOGLE_REVOKE_URI)."""
        return f"{self.url}/revoke"

    @property
    def jwks_uri(self) -> str:
        """The address of the keys that verify ID tokens."""
        return f"{self.url}/oauth2/v3/certs"
