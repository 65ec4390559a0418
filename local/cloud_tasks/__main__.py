"""``python -m local.cloud_tasks --port 8123``: runs a local Cloud Tasks until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from local.cloud_tasks.clock import SystemClock
from local.cloud_tasks.dispatchers import HttpDispatcher
from local.cloud_tasks.engine import Engine
from local.cloud_tasks.faults import ScriptedFaults
from local.cloud_tasks.server import TasksServer, queues_from
from local.issuer import GOOGLE_ISSUER, Issuer


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    chosen = _parser().parse_args(arguments)
    text = chosen.queues.read_text() if chosen.queues else '{"default": {}}'
    issuer = Issuer(service_issuer=chosen.token_issuer)
    engine = Engine(
        HttpDispatcher(connections=chosen.workers),
        clock=SystemClock(),
        queues=queues_from(json.loads(text), project=chosen.project, location=chosen.location),
        tokens=issuer.service_token,
        faults=ScriptedFaults(),
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with TasksServer(
        engine,
        grpc_port=chosen.port,
        http_port=chosen.http_port,
        workers=chosen.workers,
        issuer=issuer,
    ) as running:
        issuer.url = running.base_url
        print(f"gRPC {running.grpc_target}")
        for what in ("v2/", "_sim/queues", "jwks.json"):
            print(f"{running.base_url}/{what}", flush=True)
        stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.cloud_tasks", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="gRPC port; 0 takes a free one")
    parser.add_argument("--http-port", type=int, default=0, help="port for REST, control API and keys")
    parser.add_argument("--queues", type=Path, help="JSON file: {queue id: settings}")
    parser.add_argument("--project", default="slotbridge-local")
    parser.add_argument("--location", default="europe-west1")
    parser.add_argument("--workers", type=int, default=16, help="dispatches at the same time")
    parser.add_argument("--token-issuer", default=GOOGLE_ISSUER, help="iss of the OIDC tokens")
    return parser


if __name__ == "__main__":
    main()
