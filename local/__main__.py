"""``python -m local up | demo | token | mails``: Slotbridge on this machine."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from local.staff_tokens import ROLES, StackNotRunning, staff_token

if TYPE_CHECKING:
    from common.config import Config
    from local.stack import Stack

PORT = 8080
_REAL = "the real service"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    chosen = command_line().parse_args(arguments)
    if chosen.command == "token":
        return _print_token(chosen)
    if chosen.command == "demo":
        from local.demo.run import run_demo  # noqa: PLC0415 - the other commands start without it

        return run_demo(broken=chosen.breaking, log_file=chosen.log)
    return _print_mails(chosen) if chosen.command == "mails" else _up(chosen)


def _up(chosen: argparse.Namespace) -> int:
    from local.environment import missing  # noqa: PLC0415
    from local.firestore_emulator import EmulatorError  # noqa: PLC0415 - as above
    from local.stack import Options, Stack  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    options = Options(port=chosen.port, simulate=chosen.providers == "simulated", mail=True)
    if not options.simulate and (absent := missing(os.environ)):
        print("cannot start with external providers:", "\n  ".join(("", *absent)), file=sys.stderr)
        return 1
    try:
        with Stack(options) as stack:
            _print_addresses(stack, chosen.port)
            stop.wait()
            print("stopping")
    except (EmulatorError, OSError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def _print_addresses(stack: Stack, port: int) -> None:
    where, config = stack.addresses, stack.installation.config
    outside = config.function_url("oauth_callback").removesuffix("/oauth_callback")
    staff = config.staff[0].url
    ours = f"{staff}   python -m local token --tenant demo --role owner --port {port}"
    queue = f"{where.tasks_rest}/_sim/queues   gRPC at {where.tasks_grpc}"
    lines = {
        "functions": f"{where.functions}/<name>   {' '.join(stack.functions)}",
        "as seen from outside": outside if outside != where.functions else "",
        "staff tokens": ours if staff == where.issuer else f"{staff}   from the environment",
        "Google": _provider(
            where.google, config, client="GOOGLE_CLIENT_ID", place="GOOGLE_CALENDAR_ENDPOINT"
        ),
        "Microsoft": _provider(where.microsoft, config, client="MICROSOFT_CLIENT_ID", place="GRAPH_ENDPOINT"),
        "redirect URI": "" if where.google else config.function_url("oauth_callback"),
        "Cloud Tasks": queue if where.tasks_rest else f"{config.tasks.grpc_host}   from the environment",
        "mails": f"{where.mail}   python -m local mails --port {port}" if where.mail else "",
        "links in mails": f"{config.text('MANAGE_URL')}   your front end's page: MANAGE_URL"
        if where.mail
        else "",
        "Firestore": f"{where.firestore}   Google's emulator" if where.firestore else "in memory",
    }
    print("Slotbridge on this machine")
    for name, what in lines.items():
        if what:
            print(f"  {name:<22}{what}")
    print("ready; Ctrl-C stops everything", flush=True)


def _provider(simulated: str, config: Config, *, client: str, place: str) -> str:
    if simulated:
        return f"{simulated}   simulated; its control API is below /_sim/"
    if not config.text(client, ""):
        return "switched off: no client is set"
    named = config.text(place, "")
    return f"{named}   from the environment" if named else _REAL


def _print_token(chosen: argparse.Namespace) -> int:
    issuer = chosen.issuer or f"http://127.0.0.1:{chosen.port + 1}"
    try:
        print(staff_token(issuer, tenant=chosen.tenant, role=chosen.role, resources=chosen.resource))
    except StackNotRunning as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _print_mails(chosen: argparse.Namespace) -> int:
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - the other commands start without it

    from local.mail import received_mails  # noqa: PLC0415

    try:
        mails = received_mails(f"http://127.0.0.1:{chosen.port + 6}")
    except HTTPError:
        print(f"no stack with mails runs at port {chosen.port}", file=sys.stderr)
        return 1
    for mail in mails:
        print(f"To: {', '.join(mail.to)}\nSubject: {mail.subject}\n\n{mail.text.strip()}\n{mail.calendar}")
    return 0


def command_line() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and keep it running")
    up.add_argument(
        "--providers",
        choices=("simulated", "external"),
        default="simulated",
        help="external: addresses and clients of the providers come from the environment",
    )
    up.add_argument("--port", type=int, default=PORT, help="the first of seven ports; 0 takes free ones")
    mails = commands.add_parser("mails", help="print the mails that a running stack sent; none was delivered")
    mails.add_argument("--port", type=int, default=PORT, help="the port that the stack was started with")
    demo = commands.add_parser("demo", help="run the demonstration once, checking every step")
    demo.add_argument(
        "--break",
        dest="breaking",
        choices=("pushes", "exports", "outlook-pushes", "outlook-exports"),
        default="",
        help="break something on purpose, to see that the demonstration's checks notice",
    )
    demo.add_argument("--log", type=Path, help="keep the functions' log in this file")
    token = commands.add_parser("token", help="print a staff token of a running stack")
    token.add_argument("--tenant", required=True)
    token.add_argument("--role", choices=ROLES, default="owner")
    token.add_argument(
        "--resource", action="append", default=[], help="for staff: whose calendar; repeatable"
    )
    token.add_argument("--port", type=int, default=PORT, help="the port that the stack was started with")
    token.add_argument("--issuer", default="", help="the issuer's address, instead of --port")
    return parser


if __name__ == "__main__":
    sys.exit(main())
