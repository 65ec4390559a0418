"""The command line of the probe."""

from __future__ import annotations

import argparse
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

import scripts.probe
from scripts.probe import google, microsoft
from scripts.probe.fact import Facts
from scripts.probe.google.account import GoogleAccount, GoogleAddresses
from scripts.probe.hands import Hands, TerminalHands
from scripts.probe.microsoft.account import MicrosoftAccount, MicrosoftAddresses
from scripts.probe.report import line, summary, written
from scripts.probe.run import Finding, Verdict, try_facts
from scripts.probe.sign_in import SignIn, refreshed, signed_in
from scripts.probe.web import CallsUsedUp, Web

# What the product asks its users for, and no more.
GOOGLE_SCOPES = (
    "openid",
    "email",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.app.created",
    "https://www.googleapis.com/auth/calendar.freebusy",
)
MICROSOFT_SCOPES = ("openid", "profile", "offline_access", "Calendars.Read", "Calendars.ReadWrite")
FACTS: dict[str, Facts] = {"google": google.FACTS, "microsoft": microsoft.FACTS}
SPACING = 0.25
MOST_CALLS = 1500


@dataclass(frozen=True, slots=True)
class Terminal:
    """How the probe speaks with the person who runs it, and how it waits (seconds)."""

    show: Callable[[str], None]
    answer: Callable[[str], str]
    pause: Callable[[float], None]
    now: Callable[[], datetime]
    hands: Hands | None = None


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(
        prog="python -m scripts.probe",
        description=scripts.probe.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("provider", choices=sorted(FACTS))
    made.add_argument("--client-id", help="else PROBE_CLIENT_ID of the environment")
    made.add_argument(
        "--client-secret", help="else PROBE_CLIENT_SECRET; a public client of Microsoft's has none"
    )
    made.add_argument("--tenant", default="common", help="Microsoft's tenant (%(default)s)")
    made.add_argument("--port", type=int, default=0, help="of the redirect address (a free one)")
    made.add_argument(
        "--refresh-token-file", type=Path, help="a file with a refresh token, instead of signing in"
    )
    made.add_argument("--guest", default="", help="an address of yours that may be invited and mailed")
    made.add_argument("--push-address", default="", help="an https address of yours that may be called")
    made.add_argument(
        "--by-hand", action="store_true", help="also what a person does in the provider's own pages"
    )
    made.add_argument("--only", default="", help="facts whose name begins so, such as G43 or M1-")
    made.add_argument("--report", type=Path, help="write a report that can be shared to this file")
    made.add_argument("--yes", action="store_true", help="do not ask before it goes on")
    made.add_argument("--list", action="store_true", help="print the facts, and try none")
    made.add_argument("--clean", action="store_true", help="remove calendars that earlier runs left")
    made.add_argument("--most-calls", type=int, default=MOST_CALLS, help="requests in all (%(default)s)")
    made.add_argument("--spacing", type=float, default=SPACING, help="seconds between two (%(default)s)")
    for name, default in (
        ("calendar", GoogleAddresses().calendar),
        ("google-consent", GoogleAddresses().consent),
        ("google-token", GoogleAddresses().token),
        ("google-revoke", GoogleAddresses().revoke),
        ("graph", MicrosoftAddresses().graph),
        ("login", MicrosoftAddresses().login),
    ):
        made.add_argument(f"--{name}-endpoint", default=default, help=argparse.SUPPRESS)
    return made


def main(arguments: Sequence[str] | None = None, *, terminal: Terminal | None = None) -> None:
    """Sign in, try the facts, and print what was found; exits with 1 if something is different."""
    chosen = parser().parse_args(arguments)
    at = terminal or real_terminal()
    facts = [fact for fact in FACTS[chosen.provider] if fact.name.startswith(chosen.only)]
    if chosen.list:
        for fact in facts:
            at.show(f"{fact.name:<24} {fact.about}: {fact.double}")
        return
    with (
        closing(Web(pause=at.pause, spacing=chosen.spacing, most_calls=chosen.most_calls)) as web,
        _ended_in_words(),
    ):
        account = _account(chosen, web, at)
        if chosen.clean:
            _ask(chosen, at, 'All calendars named "Slotbridge probe <date>-<time> A" or B are removed.')
            at.show(f"{account.clean()} calendars removed")
            return
        _ask_before(chosen, at)
        findings: list[Finding] = []
        try:
            try_facts(account, facts, tell=lambda each: _told(each, findings, at))
        except KeyboardInterrupt:
            at.show("interrupted")
        finally:
            if chosen.report:
                chosen.report.write_text(written(chosen.provider, findings, at=at.now()), "utf-8")
    at.show(f"{summary(findings)} ({web.calls} requests)")
    if any(each.verdict is Verdict.DIFFERENT for each in findings):
        raise SystemExit(1)


@contextmanager
def _ended_in_words() -> Iterator[None]:
    """End the program with a sentence where there is no answer at all, or nothing may be asked any more."""
    try:
        yield
    except requests.RequestException as error:
        raise SystemExit(f"the provider did not answer ({type(error).__name__})") from None
    except CallsUsedUp:
        raise SystemExit("the run's requests were used up before the first fact") from None


def real_terminal() -> Terminal:
    """The terminal that the program was started in."""
    never = threading.Event()

    def pause(seconds: float) -> None:
        never.wait(seconds)

    return Terminal(show=_printed, answer=input, pause=pause, now=lambda: datetime.now(UTC))


def _printed(text: str) -> None:
    print(text, flush=True)


def _told(finding: Finding, findings: list[Finding], at: Terminal) -> None:
    findings.append(finding)
    at.show(line(finding))


def _ask_before(chosen: argparse.Namespace, at: Terminal) -> None:
    about = [
        "The probe makes two calendars in this account, writes in them alone, and removes them.",
        "Use a test account.",
    ]
    if chosen.guest:
        about.append(f"It invites {chosen.guest}, who is mailed by Microsoft, and may be by Google.")
    if chosen.push_address:
        about.append(f"The provider is told to call {chosen.push_address}.")
    _ask(chosen, at, *about)


def _ask(chosen: argparse.Namespace, at: Terminal, *about: str) -> None:
    for each in about:
        at.show(each)
    if not chosen.yes and at.answer("Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise SystemExit("nothing was done")


def _account(chosen: argparse.Namespace, web: Web, at: Terminal) -> GoogleAccount | MicrosoftAccount:
    client = _client(chosen)
    hands: Hands | None = None
    if chosen.by_hand:
        hands = at.hands or TerminalHands(show=at.show, answer=lambda: at.answer(""))
    given: dict[str, Any] = {
        "web": web,
        "client": client,
        "began": at.now(),
        "guest": chosen.guest,
        "push_address": chosen.push_address,
        "hands": hands,
    }
    if chosen.provider == "google":
        at_google = GoogleAddresses(
            chosen.calendar_endpoint,
            chosen.google_consent_endpoint,
            chosen.google_token_endpoint,
            chosen.google_revoke_endpoint,
        )
        more = {"access_type": "offline", "prompt": "consent"}
        sign_in = SignIn(at_google.consent, at_google.token, GOOGLE_SCOPES, client, "127.0.0.1", more)
        signed = _signed(chosen, web, sign_in, at)
        return GoogleAccount(addresses=at_google, **signed, **given)
    at_microsoft = MicrosoftAddresses(chosen.graph_endpoint, chosen.login_endpoint.rstrip("/"))
    more = {"prompt": "select_account"}
    token, consent = at_microsoft.token(chosen.tenant), at_microsoft.consent(chosen.tenant)
    sign_in = SignIn(consent, token, MICROSOFT_SCOPES, client, "localhost", more)
    signed = _signed(chosen, web, sign_in, at)
    return MicrosoftAccount(addresses=at_microsoft, tenant=chosen.tenant, **signed, **given)


def _client(chosen: argparse.Namespace) -> dict[str, str]:
    name = chosen.client_id or os.environ.get("PROBE_CLIENT_ID", "")
    secret = chosen.client_secret or os.environ.get("PROBE_CLIENT_SECRET", "")
    if not name:
        raise SystemExit("which client? --client-id or PROBE_CLIENT_ID")
    return {"client_id": name} | ({"client_secret": secret} if secret else {})


def _signed(chosen: argparse.Namespace, web: Web, sign_in: SignIn, at: Terminal) -> dict[str, Any]:
    """The grant, and how it is renewed where there is a refresh token."""
    if chosen.refresh_token_file:
        granted = refreshed(web, sign_in, chosen.refresh_token_file.read_text("utf-8").strip())
    else:
        at.show("Open this address in a browser of this machine, and sign the test account in:")
        granted = signed_in(web, sign_in, show=at.show, port=chosen.port)
    token = str(granted.get("refresh_token", ""))
    return {"granted": granted, "renew": (lambda: refreshed(web, sign_in, token)) if token else None}
