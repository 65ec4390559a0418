"""Names the endpoints that clients of a served simulator are given."""

from local.google.simulator import GoogleSimulator
from local.simulation.server import SimulatorServer


class GoogleServer(SimulatorServer[GoogleSimulator]):
    """A threaded server; `url` and the endpoint properties are what clients are given."""

    @property
    def calendar_endpoint(self) -> str:
        """GOOGLE_CALENDAR_ENDPOINT."""
        return f"{self.url}/calendar/v3/"

    @property
    def batch_uri(self) -> str:
        """The batch address."""
        return f"{self.url}/batch/calendar/v3"

    @property
    def auth_uri(self) -> str:
        """GOOGLE_AUTH_URI."""
        return f"{self.url}/o/oauth2/v2/auth"

    @property
    def token_uri(self) -> str:
        """GOOGLE_TOKEN_URI."""
        return f"{self.url}/token"

    @property
    def revoke_uri(self) -> str:
        """GOOGLE_REVOKE_URI."""
        return f"{self.url}/revoke"

    @property
    def jwks_uri(self) -> str:
        """The keys that verify ID tokens."""
        return f"{self.url}/oauth2/v3/certs"
