"""The deployed archives work: each answers from an empty folder, with only its own requirements installed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import marshal
import secrets
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3

from common.crypto.vault import new_keyset
from local.issuer import Issuer
from local.server import serve
from scripts.archive import ROOT, archive, build, manifest
from tests.archive.unpacked import imports_of, running, unpack, with_memory
from tests.terraform.deployment import functions, settings_of, shared

# A call that needs the settings, the keys and every port, and what an empty store answers to it.
CALLS = {
    "bookings": ("GET", "/b1?tenant=nobody", 404, "not_found"),
    "connections": ("GET", "/", 200, None),
    "feeds": ("GET", "/unknown.ics", 404, "not_found"),
    "hooks": ("GET", "/", 200, None),
    "invitations": ("GET", "/", 200, None),
    "issuers": ("GET", "/", 200, None),
    "oauth_callback": ("GET", "/?state=unknown&code=any", 400, None),
    "overview": (
        "GET",
        "/?resource=r&from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z&tz=UTC",
        404,
        "not_found",
    ),
    "resources": ("GET", "/", 200, None),
    "services": ("GET", "/", 200, None),
    "slots": ("GET", "/explain?service=s&resource=r&at=2030-01-01T00:00:00Z", 404, "not_found"),
    "tenant": ("GET", "/", 404, "not_found"),
    "webhook_google": ("POST", "/", 204, None),
    "webhook_graph": ("POST", "/?validationToken=any", 200, None),
}
TASK = {"v": 1, "payload": {}}
WORKED = {"maintenance": (200, None)}
UNREADABLE = (502, "unreadable_task")
STAFF, TASKS = "slotbridge", "tasks@example-project.iam.gserviceaccount.com"
# Replacements for what the tests do not have.
STAND_INS = {"CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:9"}
SAMPLES = {
    "AWS_ACCESS_KEY_ID": "an-id",
    "AWS_SECRET_ACCESS_KEY": "a-secret",
    "CLIENT_HOPS": "1",
    "CONSOLE_ORIGINS": "https://console.example",
    "CONSOLE_URL": "https://console.example/",
    "FIRESTORE_DATABASE": "(default)",
    "GOOGLE_CLIENT_ID": "1.apps.googleusercontent.com",
    "GOOGLE_CLIENT_SECRET": "a-secret",
    "GOOGLE_CLOUD_PROJECT": "example-project",
    "GOOGLE_PROJECT_PER_MINUTE": "10000",
    "GOOGLE_USER_PER_MINUTE": "600",
    "GRANT_KEYSET": new_keyset(),
    "INVITE_URL": "https://console.example/invited",
    "MAIL_SENDER": "bookings@example.com",
    "MAIL_TRANSPORT": "smtp",
    "MANAGE_URL": "https://book.example/manage",
    "MICROSOFT_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
    "MICROSOFT_CLIENT_SECRET": "another-secret",
    "PUBLIC_BASE_URL": "https://europe-west6-example-project.cloudfunctions.net",
    "QUEUE_NAMES": json.dumps({lane: f"slotbridge-{lane}" for lane in shared("queues")}),
    "SCHEDULER_SERVICE_ACCOUNT": "scheduler@example-project.iam.gserviceaccount.com",
    "SES_REGION": "eu-central-1",
    "SMTP_HOST": "mail.example.com",
    "SMTP_PASSWORD": "a-password",
    "SMTP_PORT": "587",
    "SMTP_SECURITY": "starttls",
    "SMTP_USER": "someone",
    "STAFF_ISSUERS": "[]",
    "STAFF_TOKEN_AUDIENCE": STAFF,
    "TASKS_LOCATION": "europe-west6",
    "TASKS_SERVICE_ACCOUNT": TASKS,
}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every archive, built as for a deployment."""
    target = tmp_path_factory.mktemp("archives")
    build(target)
    return target


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """The issuer of the tokens of staff, tasks and scheduler."""
    made = Issuer()
    with serve(made) as server:
        made.url = server.base_url
        yield made


def address(name: str) -> str:
    return f"https://europe-west6-example-project.cloudfunctions.net/slotbridge-{name.replace('_', '-')}"


def settings(name: str, issuer: Issuer) -> dict[str, str]:
    """The settings that Terraform gives this function, with values for the test."""
    values = {
        **SAMPLES,
        **{secret: secrets.token_hex(32) for secret in ("CHANNEL_KEYS", "EVENT_ID_KEY", "SIGNING_KEYS")},
        **{f"FUNCTION_URL_{other.upper()}": address(other) for other in functions()},
        "STAFF_TOKEN_ISSUER": issuer.url,
        "STAFF_TOKEN_JWKS_URI": f"{issuer.url}/jwks.json",
    }
    chosen = {setting: values[setting] for setting in settings_of(name)}
    if "lean" in functions()[name]:
        return chosen
    return {**chosen, **STAND_INS, "TASKS_TOKEN_JWKS_URI": f"{issuer.url}/jwks.json"}


def call(url: str, *, token: str = "", body: Any = None, method: str = "GET") -> tuple[int, str | None]:
    """Send a request; returns the status, and the ``code`` if the answer is a problem."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib3.PoolManager(retries=False) as pool:
        reply = pool.request(method, url, headers=headers, json=body, redirect=False)
    is_problem = reply.headers.get("Content-Type") == "application/problem+json"
    return reply.status, json.loads(reply.data)["code"] if is_problem else None


def staff_token(issuer: Issuer) -> str:
    claims = {"tenant": "nobody", "role": "owner", "resources": []}
    return issuer.sign(claims, audience=STAFF, subject="someone", now=datetime.now(UTC))


def task_token(issuer: Issuer, name: str) -> str:
    return issuer.service_token(email=TASKS, audience=address(name), now=datetime.now(UTC))


def deep_call(name: str, url: str, issuer: Issuer) -> tuple[tuple[int, str | None], tuple[int, str | None]]:
    """Send a request that uses the function's ports; returns the answer, and the expected one."""
    if functions()[name]["access"] == "public":
        method, path, status, code = CALLS[name]
        return call(url + path, token=staff_token(issuer), method=method), (status, code)
    refused = call(url, body=TASK, method="POST")
    assert refused == (401, "unauthenticated")
    answer = call(url, token=task_token(issuer, name), body=TASK, method="POST")
    return answer, WORKED.get(name, UNREADABLE)


@pytest.mark.parametrize("name", sorted(functions()))
def test_an_archive_answers_from_an_empty_folder(
    name: str, archives: Path, issuer: Issuer, tmp_path: Path
) -> None:
    """With only its hashed requirements and its own settings it starts and handles a request."""
    folder = unpack(archives / f"{name}.zip", tmp_path / "workspace")
    source = "main.py" if "lean" in functions()[name] else with_memory(folder)
    with running(name, folder, settings(name, issuer), source=source) as url:
        unknown = call(f"{url}/no/such/route")
        answered, expected = deep_call(name, url, issuer)
    log = (folder / "log.txt").read_text()

    assert unknown == (404, "unknown_route")
    assert answered == expected
    assert "request_crashed" not in log


@pytest.mark.parametrize("name", ["connections", "maintenance", "webhook_google"])
def test_all_modules_of_an_archive_can_be_imported(name: str, archives: Path, tmp_path: Path) -> None:
    """Modules that are imported late need nothing that is missing in the archive or its requirements."""
    folder = unpack(archives / f"{name}.zip", tmp_path / "workspace")

    done = imports_of(folder)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [name for name, item in functions().items() if "lean" in item])
def test_a_webhook_accepts_a_push_with_its_one_key(
    name: str, archives: Path, issuer: Issuer, tmp_path: Path
) -> None:
    """It gets no other secret, and forged pushes are answered like valid ones."""
    folder = unpack(archives / f"{name}.zip", tmp_path / "workspace")
    given = settings(name, issuer)
    with running(name, folder, given) as url:
        forged = call(url, method="POST", body={"value": []})

    assert {"CHANNEL_KEYS"} == set(given) & set(shared("settings")["secrets"])
    assert forged[0] < 300
    assert not any(path.match("common/store/*") for path in folder.rglob("*.py"))


def test_the_same_code_gives_the_same_archives() -> None:
    """The bytes do not depend on the hash seed or on what else the process has imported."""
    code = "from scripts.archive import archive, zip_bytes; import hashlib\n"
    code += "print(hashlib.sha256(zip_bytes(archive('webhook_google').contents)).hexdigest())"
    starts = {"1": code, "2": f"import common.wiring, hypothesis, sys\n{code}"}
    digests = {
        subprocess.run(
            [sys.executable, "-c", start],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, start in starts.items()
    }

    assert len(digests) == 1


def test_a_function_changes_only_when_its_own_code_does() -> None:
    """Modules that only other functions use are not in the archive, so they cannot cause a deployment."""
    webhook, slots = archive("webhook_google"), archive("slots")

    assert "common/flows/slots/list_slots.py" in slots.sources
    assert not {path for path in slots.sources if "disconnect" in path or "complete_connection" in path}
    assert not {path for path in webhook.sources if path.startswith("common/store/")}


def test_the_manifest_has_the_digest_of_the_sources() -> None:
    """By this digest Terraform recognises archives that are older than the code."""
    made = archive("slots")
    hashes = [hashlib.sha256((ROOT / path).read_bytes()).hexdigest() for path in made.sources]
    entry = manifest({"slots": made})["slots"]

    assert entry["sources_digest"] == hashlib.sha256("".join(hashes).encode()).hexdigest()
    assert entry["sources"] == list(made.sources)
    assert {"functions/slots/main.py", "common/wiring.py", "requirements/runtime.lock"} <= {*made.sources}


def test_our_code_is_compiled(archives: Path) -> None:
    """Every module has its bytecode, since the platform compiles only dependencies and a cold start would."""
    with zipfile.ZipFile(archives / "slots.zip") as contents:
        names = {*contents.namelist()}
        source = contents.read("common/wiring.py")
        compiled = contents.read(f"common/__pycache__/wiring.{sys.implementation.cache_tag}.pyc")
    ours = {name for name in names if name.endswith(".py")}

    assert len(ours) == len([name for name in names if name.endswith(".pyc")])
    assert compiled[8:16] == importlib.util.source_hash(source)
    assert "/workspace/common/wiring.py" == marshal.loads(compiled[16:]).co_filename


def test_googles_client_is_packed_for_the_calendar_api_alone(archives: Path) -> None:
    """Its wheel lacks the 110 MB of discovery documents of other APIs."""
    with zipfile.ZipFile(archives / "slots.zip") as contents:
        (name,) = [path for path in contents.namelist() if path.endswith(".whl")]
        with contents.open(name) as raw, zipfile.ZipFile(raw) as wheel:
            described = [path for path in wheel.namelist() if "/documents/" in path]
        lines = contents.read("requirements.txt").decode()

    assert ["googleapiclient/discovery_cache/documents/calendar.v3.json"] == described
    assert f"./{name} " in lines
    assert (archives / "slots.zip").stat().st_size < 2_000_000
