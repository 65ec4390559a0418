"""Serves the simulated Microsoft over HTTP, and names the addresses that its clients need."""

from local.microsoft.simulator import MicrosoftSimulator
from local.simulation.server import SimulatorServer


class MicrosoftServer(SimulatorServer[MicrosoftSimulator]):
    """An HTTP server on the loopback address; its properties are the addresses to configure clients with."""

    @property
    def graph_endpoint(self) -> str:
        """The base of Graph (the setting GRAPH_ENDPOINT)."""
        return f"{self.url}/v1.0"

    @property
    def login_endpoint(self) -> str:
        """The base of the identity platform (the setting MICROSOFT_LOGIN_ENDPOINT).

        It stands in for https://login.microsoftonline.com.
        """
        return self.url
