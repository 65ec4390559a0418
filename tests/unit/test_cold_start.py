"""What a function imports at its cold start: budgets of modules and forbidden modules; no clock is used."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from bench.functions.webhook_setup import google_message, graph_message, settings
from tests.terraform.deployment import functions

ROOT = Path(__file__).resolve().parents[2]
WEBHOOKS = ("webhook_google", "webhook_graph")
# No webhook comes to any of these, not even with its first message.
NEVER = (
    "boto3",
    "cryptography",
    "google.api_core",
    "google.auth",
    "google.cloud.firestore",
    "google.cloud.firestore_v1",
    "google.cloud.tasks_v2",
    "googleapiclient",
    "grpc",
    "httplib2",
    "jwt",
    "msal",
    "pydantic",
    "requests",
    "tink",
    "urllib3",
)
# Imported where it is first used, so that an answer which needs none of it does not wait for it.
LATE = tuple(name for name in NEVER if name not in {"cryptography", "jwt", "pydantic", "requests", "urllib3"})
# Parts of our own that a first answer has no use for: what the ports speak of, and the rate limiter, which no
# provider has to pass.
NO_WEBHOOK = (
    "common.ports",
    "common.store",
    "common.api.rate_limiter",
    "common.api.models",
    "common.domain.booking.booking",
)
NO_SLOTS = (
    "common.store",
    "common.domain.calendar.sync_state",
    "common.domain.catalogue.ics_feed",
    "common.domain.connect.invitation",
    "common.domain.export.own_events",
    "common.domain.notify",
    "common.domain.privacy",
    "common.domain.shared.paging",
    "common.domain.sync.imported_events",
    "common.domain.webhooks",
)
# The framework and its server are some 340 of them; who goes beyond a budget says why in the same commit.
WEBHOOK_MODULES = 400
BUDGETS = {
    "bookings": 503,
    "connections": 522,
    "delta_sync": 496,
    "disconnect": 481,
    "export": 498,
    "feeds": 494,
    "hooks": 455,
    "initial_sync": 513,
    "invitations": 475,
    "issuers": 454,
    "maintenance": 498,
    "notify": 491,
    "oauth_callback": 463,
    "overview": 490,
    "resources": 499,
    "services": 456,
    "slots": 470,
    "tenant": 498,
    "webhook_google": 376,
    "webhook_graph": 380,
}
STARTED = """
import importlib, json, sys
import functions_framework
importlib.import_module("functions.NAME.main")
print(json.dumps(sorted(sys.modules)))
"""
# What the first message brings besides: the queue is built and asked, and nobody is there.
ANSWERED = """
import json, sys
import functions_framework
app = functions_framework.create_app(target="NAME", source="functions/NAME/main.py")
message = json.loads(sys.stdin.read())
reply = app.test_client().post("/", headers=message["headers"], data=message["body"])
assert json.loads(reply.data)["code"] == "queue_unavailable", reply.data
print(json.dumps(sorted(sys.modules)))
"""


@cache
def modules(name: str, code: str) -> frozenset[str]:
    """The names of all modules that a fresh process has loaded after this code."""
    done = subprocess.run(
        [sys.executable, "-c", code.replace("NAME", name)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **settings("http://127.0.0.1:9")},
        input=json.dumps(dict(zip(("headers", "body"), message(name), strict=True))),
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


def message(name: str) -> tuple[dict[str, str], str]:
    """A push message that the webhook accepts."""
    headers, body = google_message() if name == "webhook_google" else graph_message()
    return headers, body.decode()


def brought(found: frozenset[str], forbidden: tuple[str, ...]) -> list[str]:
    return [name for name in forbidden if any(f"{item}.".startswith(f"{name}.") for item in found)]


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_webhook_imports_nothing_heavy(name: str) -> None:
    """A webhook must answer within seconds: it loads no store, provider library or model library."""
    found = modules(name, STARTED)

    assert [] == brought(found, NEVER)
    assert [] == brought(found, NO_WEBHOOK)
    assert len(found) <= BUDGETS[name]


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_webhooks_first_message_imports_nothing_heavy_either(name: str) -> None:
    """It is verified and queued with what the web framework and the standard library have."""
    found = modules(name, ANSWERED)

    assert "common.tasks.rest" in found
    assert [] == brought(found, NEVER)
    assert len(found) <= WEBHOOK_MODULES


@pytest.mark.parametrize("name", sorted(set(functions()) - set(WEBHOOKS)))
def test_every_other_function_opens_no_client_at_start(name: str) -> None:
    """Each has a budget of modules before its first request, and opens no client for it."""
    found = modules(name, STARTED)

    assert [] == brought(found, LATE)
    assert len(found) <= BUDGETS[name]


def test_the_slots_function_loads_no_mail_or_import_code() -> None:
    """Customers wait for this function's cold start."""
    assert [] == brought(modules("slots", STARTED), NO_SLOTS)


def test_every_function_has_a_budget() -> None:
    """A new function needs an entry of its own."""
    assert set(functions()) == set(BUDGETS)


def test_every_forbidden_module_of_ours_exists() -> None:
    """A module that moves takes its name along, so that no rule is about nothing."""
    places = {name: ROOT.joinpath(*name.split(".")) for name in (*NO_WEBHOOK, *NO_SLOTS)}
    assert [] == [
        name for name, at in places.items() if not at.is_dir() and not at.with_suffix(".py").is_file()
    ]
