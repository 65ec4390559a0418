"""Names the endpoints that clients of a served simulator are given."""

from local.microsoft.simulator import MicrosoftSimulator
from local.simulation.server import SimulatorServer


class MicrosoftServer(SimulatorServer[MicrosoftSimulator]):
    """A threaded server; `url` and the endpoint properties are what clients are given."""

    @property
    def graph_endpoint(self) -> str:
        """GRAPH_ENDPOINT."""
        return f"{self.url}/v1.0"

    @property
    def login_endpoint(self) -> str:
        """MICROSOFT_LOGIN_ENDPOINT: stands in for https://login.microsoftonline.com."""
        return self.url
