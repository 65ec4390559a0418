"""The command line of both simulators: common options, and serving until interrupted."""

import argparse
import threading
from typing import Any

from local.simulation.server import SimulatorServer


def options(program: str, *, about: str | None, port: int) -> argparse.ArgumentParser:
    """Return a parser with the common options: the port, and the OAuth client to begin with."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=about)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--client-id", default="slotbridge-local")
    parser.add_argument("--client-secret", default="slotbridge-local-secret")
    parser.add_argument("--redirect-uri", action="append", default=[])
    return parser


def redirect_uris(chosen: argparse.Namespace) -> list[str]:
    """Return the redirect addresses from the command line, or that of the local front end."""
    return chosen.redirect_uri or ["http://127.0.0.1:8080/oauth_callback"]


def serve_until_interrupted(server: SimulatorServer[Any], *, name: str) -> None:
    """Serve, print the address, and stop on Ctrl-C."""
    with server:
        print(f"Simulated {name} on {server.url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")
