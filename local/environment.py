"""Builds the settings of an installation on this machine: generated keys, and the addresses of its parts."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.crypto.vault import new_keyset
from common.domain.shared.tasks import Work
from local.staff_tokens import AUDIENCE

PROJECT = "slotbridge-local"
LOCATION = "europe-west6"
SERVICE_ACCOUNT = f"tasks@{PROJECT}.iam.gserviceaccount.com"
SCHEDULER_ACCOUNT = f"scheduler@{PROJECT}.iam.gserviceaccount.com"
CLIENT_ID = "slotbridge-local.apps.googleusercontent.com"
MICROSOFT_CLIENT_ID = "5107b21d-9e00-4000-8000-000000000001"
CLIENT_SECRET = "local-secret"
SENDER = "no-reply@slotbridge.localhost.localdomain"
REGION = "eu-central-1"
FRONT_END = "http://localhost:3000"
"""The default address of the front end, for the links in mails; Slotbridge itself serves no pages."""

GENERATED = ("SIGNING_KEYS", "CHANNEL_KEYS", "EVENT_ID_KEY", "GRANT_KEYSET")
"""Keys that are generated anew at each start unless the environment has them."""

STAFF = ("STAFF_TOKEN_ISSUER", "STAFF_TOKEN_AUDIENCE", "STAFF_TOKEN_JWKS_URI")
CLIENTS = (
    ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
    ("MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET"),
)
TASKS = (
    "CLOUD_TASKS_EMULATOR_HOST",
    "CLOUD_TASKS_REST_ENDPOINT",
    "GOOGLE_CLOUD_PROJECT",
    "TASKS_LOCATION",
    "TASKS_SERVICE_ACCOUNT",
    "TASKS_TOKEN_ISSUER",
    "TASKS_TOKEN_JWKS_URI",
)
"""With external providers the environment may name another issuer or task queue: if the first one is set."""

DEPLOYMENT = Path(__file__).parents[1] / "terraform"
PROJECT_PER_MINUTE = 10_000
MAX_RATE = 500


LIMITS = {
    "CLIENT_HOPS": "0",
    "LIMIT_ADDRESS_REQUESTS": "12000",
    "LIMIT_ADDRESS_CHANGES": "6000",
    "LIMIT_TENANT_CHANGES": "6000",
    "LIMIT_CONTACT_CHANGES": "600",
}
"""Rate limits high enough for one machine, where all callers have the same address."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts of the stack listen; ``firestore`` is empty if documents are kept in memory."""

    functions: str
    issuer: str
    tasks_grpc: str
    tasks_rest: str
    google: str = ""
    microsoft: str = ""
    firestore: str = ""
    mail: str = ""


def settings(addresses: Addresses, given: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of the functions.

    Args:
        addresses: Where the parts are.
        given: The environment of this process; keys found there are kept. Without simulated providers their
            addresses and clients are taken from it, and optionally the public address, the issuer of
            staff tokens and the task queue.
    """
    public = given.get("PUBLIC_BASE_URL", "") if not addresses.google else ""
    made = {name: given.get(name) or _generate(name) for name in GENERATED}
    endpoints = _endpoints(addresses, public or addresses.functions)
    overrides = {} if addresses.google else _overrides(given)
    mail = _mail(addresses, given)
    return {
        **LIMITS,
        **given,
        **made,
        **endpoints,
        **_google(addresses),
        **_microsoft(addresses),
        **mail,
        **overrides,
    }


def missing(given: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that are missing for external providers, one line each."""
    partly_set = [group for group in (*CLIENTS, STAFF) if any(given.get(name) for name in group)]
    absent = [
        f"{name} is missing beside {next(filter(given.get, group))}"
        for group in partly_set
        for name in group
        if not given.get(name)
    ]
    if not any(client in partly_set for client in CLIENTS):
        absent.append(f"neither {' nor '.join(' and '.join(client) for client in CLIENTS)} are there")
    return tuple(absent)


def _overrides(given: Mapping[str, str]) -> dict[str, str]:
    named = [name for group in (STAFF, TASKS) if given.get(group[0]) for name in group]
    return {name: given[name] for name in named if given.get(name)}


def _endpoints(addresses: Addresses, public: str) -> dict[str, str]:
    stored = {"FIRESTORE_EMULATOR_HOST": addresses.firestore} if addresses.firestore else {}
    return stored | {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "PUBLIC_BASE_URL": public.rstrip("/"),
        # Tasks are posted locally even if browsers and providers reach the functions through a tunnel.
        **{f"FUNCTION_URL_{work.upper()}": f"{addresses.functions}/{work}" for work in Work},
        "TASKS_LOCATION": LOCATION,
        "TASKS_SERVICE_ACCOUNT": SERVICE_ACCOUNT,
        "SCHEDULER_SERVICE_ACCOUNT": SCHEDULER_ACCOUNT,
        "TASKS_TOKEN_JWKS_URI": f"{addresses.issuer}/jwks.json",
        "CLOUD_TASKS_EMULATOR_HOST": addresses.tasks_grpc,
        "CLOUD_TASKS_REST_ENDPOINT": addresses.tasks_rest,
        "STAFF_TOKEN_ISSUER": addresses.issuer,
        "STAFF_TOKEN_AUDIENCE": AUDIENCE,
        "STAFF_TOKEN_JWKS_URI": f"{addresses.issuer}/jwks.json",
    }


def _google(addresses: Addresses) -> dict[str, str]:
    if not addresses.google:
        return {}
    return {
        "GOOGLE_CLIENT_ID": CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "GOOGLE_AUTH_URI": f"{addresses.google}/o/oauth2/v2/auth",
        "GOOGLE_TOKEN_URI": f"{addresses.google}/token",
        "GOOGLE_REVOKE_URI": f"{addresses.google}/revoke",
        "GOOGLE_ISSUER": "https://accounts.google.com",
        "GOOGLE_CALENDAR_ENDPOINT": f"{addresses.google}/calendar/v3/",
    }


def _microsoft(addresses: Addresses) -> dict[str, str]:
    if not addresses.microsoft:
        return {}
    return {
        "MICROSOFT_CLIENT_ID": MICROSOFT_CLIENT_ID,
        "MICROSOFT_CLIENT_SECRET": CLIENT_SECRET,
        "MICROSOFT_AUTHORITY": "https://login.microsoftonline.com/common",
        "MICROSOFT_LOGIN_ENDPOINT": addresses.microsoft,
        "GRAPH_ENDPOINT": f"{addresses.microsoft}/v1.0",
    }


def _mail(addresses: Addresses, given: Mapping[str, str]) -> dict[str, str]:
    """Mails go to the local server; their links lead to the environment's pages, or to default ones."""
    if not addresses.mail:
        return {}
    pages = {"INVITE_URL": "invitation", "MANAGE_URL": "booking", "CONSOLE_URL": ""}
    return {
        "MAIL_SENDER": SENDER,
        "MAIL_TRANSPORT": "ses",
        "SES_ENDPOINT": addresses.mail,
        "SES_REGION": REGION,
        "HOOKS_TO_LOOPBACK": "yes",
        **{name: given.get(name) or f"{FRONT_END}/{page}" for name, page in pages.items()},
    }


def queues() -> dict[str, dict[str, float]]:
    """The queues' settings in Cloud Tasks' terms, from ``terraform/queues.json``, as Terraform reads them."""
    lanes = json.loads((DEPLOYMENT / "queues.json").read_text())
    return {
        f"slotbridge-{lane}": {
            "max_dispatches_per_second": max(1, min(MAX_RATE, item["share"] * PROJECT_PER_MINUTE // 60)),
            "max_concurrent_dispatches": item["concurrency"],
            "max_attempts": -1,
            "max_doublings": 5,
            "min_backoff": item["min_backoff"],
            "max_backoff": item["max_backoff"],
        }
        for lane, item in lanes.items()
    }


def _generate(name: str) -> str:
    return new_keyset() if name == "GRANT_KEYSET" else secrets.token_hex(32)
