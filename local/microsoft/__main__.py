"""Runs the simulator until it is interrupted: python -m local.microsoft --port 8091."""

import argparse
import threading

from local.microsoft import GRAPH, Limits, MicrosoftServer, MicrosoftSimulator, Settings


def main() -> None:
    """Serve with loopback pushes allowed, and one app to begin with."""
    parser = argparse.ArgumentParser(prog="python -m local.microsoft", description=__doc__)
    parser.add_argument("--port", type=int, default=8091)
    parser.add_argument("--client-id", default="slotbridge-local")
    parser.add_argument("--client-secret", default="slotbridge-local-secret")
    parser.add_argument("--redirect-uri", action="append", default=[])
    parser.add_argument("--account", action="append", default=[], help="a work account")
    parser.add_argument("--personal", action="append", default=[], help="a personal account")
    parser.add_argument("--no-quotas", action="store_true")
    chosen = parser.parse_args()
    settings = Settings(allow_http_push=True)
    simulator = MicrosoftSimulator(settings=settings, limits=Limits() if chosen.no_quotas else GRAPH)
    uris = chosen.redirect_uri or ["http://127.0.0.1:8080/oauth_callback"]
    simulator.admin.add_client(chosen.client_id, secret=chosen.client_secret, redirect_uris=uris)
    for email in chosen.account:
        simulator.admin.add_account(email)
    for email in chosen.personal:
        simulator.admin.add_account(email, personal=True)
    with MicrosoftServer(simulator, port=chosen.port, auto_push=True) as server:
        print(f"Simulated Microsoft on {server.url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
