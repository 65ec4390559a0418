"""Command line: serves the simulated Google until it is interrupted (python -m local.google --port 8090)."""

from local.google import GOOGLE, GoogleServer, GoogleSimulator, Settings
from local.simulation.command import options, redirect_uris, serve_until_interrupted


def main() -> None:
    """Read the options, create one OAuth client and the given accounts, and serve.

    Pushes to loopback are allowed.
    """
    parser = options("local.google", about=__doc__, port=8090)
    parser.add_argument("--account", action="append", default=[])
    parser.add_argument("--quotas", action="store_true", help="600/min/user, 10,000/min/project")
    chosen = parser.parse_args()
    settings = Settings(allow_http_push=True)
    simulator = GoogleSimulator(settings=settings, limits=GOOGLE if chosen.quotas else None)
    simulator.admin.add_client(
        chosen.client_id, secret=chosen.client_secret, redirect_uris=redirect_uris(chosen)
    )
    for email in chosen.account:
        simulator.admin.add_account(email)
    serve_until_interrupted(GoogleServer(simulator, port=chosen.port, auto_push=True), name="Google")


if __name__ == "__main__":
    main()
