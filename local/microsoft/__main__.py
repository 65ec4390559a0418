"""Command line: serves the simulated Microsoft until interrupted (python -m local.microsoft --port 8091)."""

from local.microsoft import GRAPH, Limits, MicrosoftServer, MicrosoftSimulator, Settings
from local.simulation.command import options, redirect_uris, serve_until_interrupted


def main() -> None:
    """Read the options, register one app, create the given accounts, and serve.

    Pushes to loopback are allowed.
    """
    parser = options("local.microsoft", about=__doc__, port=8091)
    parser.add_argument("--account", action="append", default=[], help="a work account")
    parser.add_argument("--personal", action="append", default=[], help="a personal account")
    parser.add_argument("--no-quotas", action="store_true")
    chosen = parser.parse_args()
    settings = Settings(allow_http_push=True)
    simulator = MicrosoftSimulator(settings=settings, limits=Limits() if chosen.no_quotas else GRAPH)
    simulator.admin.add_client(
        chosen.client_id, secret=chosen.client_secret, redirect_uris=redirect_uris(chosen)
    )
    for email in chosen.account:
        simulator.admin.add_account(email)
    for email in chosen.personal:
        simulator.admin.add_account(email, personal=True)
    serve_until_interrupted(MicrosoftServer(simulator, port=chosen.port, auto_push=True), name="Microsoft")


if __name__ == "__main__":
    main()
