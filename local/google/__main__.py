"""Runs the simulator until it is interrupted: python -m local.google --port 8090."""

import argparse
import threading

from local.google import GOOGLE, GoogleServer, GoogleSimulator, Settings


def main() -> None:
    """Serve with loopback pushes allowed, Google's quotas on request, and one client to begin with."""
    parser = argparse.ArgumentParser(prog="python -m local.google", description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--client-id", default="slotbridge-local")
    parser.add_argument("--client-secret", default="slotbridge-local-secret")
    parser.add_argument("--redirect-uri", action="append", default=[])
    parser.add_argument("--account", action="append", default=[])
    parser.add_argument("--quotas", action="store_true", help="600/min/user, 10,000/min/project")
    chosen = parser.parse_args()
    settings = Settings(allow_http_push=True)
    simulator = GoogleSimulator(settings=settings, limits=GOOGLE if chosen.quotas else None)
    uris = chosen.redirect_uri or ["http://127.0.0.1:8080/oauth_callback"]
    simulator.admin.add_client(chosen.client_id, secret=chosen.client_secret, redirect_uris=uris)
    for email in chosen.account:
        simulator.admin.add_account(email)
    with GoogleServer(simulator, port=chosen.port, auto_push=True) as server:
        print(f"Simulated Google on {server.url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
