"""The commands, names and addresses of the runbook exist where they are defined."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from common.config import Config
from common.domain.shared.task_records import MaintenanceJob
from common.domain.shared.tasks import Lane
from scripts.keys import new
from tests.terraform import code
from tests.terraform.deployment import ROOT, TERRAFORM, functions, shared

TEXT = (ROOT / "docs/runbook.md").read_text()
BLOCKS = "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL))
CODE = BLOCKS + "\n".join(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", TEXT))
VALUES = new()
# Commands of Google's command line, which cannot be run without a project.
GCLOUD = {
    "firestore backups list",
    "firestore databases clone",
    "firestore databases restore",
    "firestore indexes composite list",
    "logging read",
    "scheduler jobs list",
    "scheduler jobs run",
    "secrets versions access latest",
    "tasks queues pause",
    "tasks queues resume",
}


def step(name: str, key: str, value: str) -> str:
    """What a command of the runbook prints for a value."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.keys", name, key],
        cwd=ROOT,
        input=value,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_steps_of_a_rotation_run_as_they_are_written() -> None:
    """Add, promote, retire, in this order: each command takes what the one before has printed."""
    steps = re.findall(r"python -m scripts\.keys (\w+) (\w+)", BLOCKS)
    value = VALUES["SIGNING_KEYS"]
    printed = [value]
    for name, key in steps:
        printed.append(value := step(name, key, value))
    counts = [len(Config({"K": item}).keys("K")) for item in printed]

    assert [("add", "SIGNING_KEYS"), ("promote", "SIGNING_KEYS"), ("retire", "SIGNING_KEYS")] == steps
    assert [1, 2, 2, 1] == counts
    assert printed[0] != printed[-1]


def test_every_key_has_a_row_in_the_table_of_rotations() -> None:
    """The table says for each key after which time the old one may be removed."""
    rows = re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)

    assert sorted(VALUES) == sorted(rows)


def test_secrets_queues_and_jobs_have_the_names_that_terraform_gives() -> None:
    """Secrets, queues and jobs in the commands are named as in Terraform's files."""
    secrets = {name.lower().replace("_", "-") for name in shared("settings")["secrets"]}
    lanes = {lane.value for lane in Lane}
    named = set(re.findall(r'--secret="\$PREFIX-([\w-]+)"', CODE))
    queues = set(re.findall(r'queues (?:pause|resume) "\$PREFIX-([a-z]+)"', CODE))
    all_queues = re.findall(r"for lane in ([a-z ]+);", BLOCKS)
    jobs = set(re.findall(r'jobs run "\$PREFIX-([a-z]+)"', CODE))

    assert named
    assert named <= secrets
    assert queues
    assert queues <= lanes
    assert [lanes] * 2 == [set(words.split()) for words in all_queues]
    assert jobs
    assert jobs <= {job.value for job in MaintenanceJob}


def test_resources_variables_and_outputs_exist() -> None:
    """Resources, variables, outputs and files that the commands name are in terraform/."""
    text = "\n".join(path.read_text() for path in TERRAFORM.glob("*.tf"))
    declared = {".".join(pair) for pair in re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE)}
    variables = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    outputs = set(re.findall(r'^output "(\w+)"', text, re.MULTILINE))
    moved = set(re.findall(r"\b(google_\w+\.\w+)\b", CODE))
    asked = set(re.findall(r"terraform output (\w+)", CODE))
    files = set(re.findall(r"\b(\w+\.tf)\b", CODE))

    assert moved
    assert moved <= declared
    assert asked
    assert asked <= outputs
    assert {"firestore", "secret_versions", "scaling"} <= variables
    assert all((TERRAFORM / name).is_file() for name in files)


def test_settings_and_events_exist() -> None:
    """Names in capitals are settings, secrets or the shell's own; events are logged by the code."""
    known = set(code.settings()) | set(shared("settings")["secrets"])
    own = {"PROJECT", "REGION", "PREFIX", "ID_TOKEN", "API", "ID", "BACKUP", "TF_VAR_secrets", "ALLOW_ALL"}
    capitals = set(re.findall(r"`([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)`", TEXT))
    events = set(re.findall(r"(?:events?|the event) `(\w+)`", TEXT))

    assert capitals <= known | own
    assert events
    assert events <= code.events() | {"request"}


def test_routes_exist() -> None:
    """Every call of the runbook is a route of that function."""
    wanted = set(re.findall(r"\$API/(\w+)(/[\w/$]*)", BLOCKS)) | {("connections", "/$ID/release")}
    for function, path in wanted:
        main = (ROOT / "functions" / function / "main.py").read_text()
        pattern = re.sub(r"\$\w+", r"<\\w+>", path)

        assert function in functions()
        assert re.search(f'"{pattern}"', main), (function, path)


def test_every_command_of_google_is_one_that_was_looked_up() -> None:
    """They are not run here; a new one is added to the list after reading its documentation."""
    found = set(re.findall(r"gcloud ((?:[a-z]+ ?)+?)(?= -| \"| `|$|\n|')", CODE))
    said = {re.sub(r" (--.*)?$", "", words.strip()) for words in found}

    assert said
    assert said <= GCLOUD


def test_the_value_of_a_client_secret_is_json() -> None:
    """TF_VAR_secrets is read by Terraform as a map of strings."""
    (text,) = re.findall(r"TF_VAR_secrets='(.*?)'", BLOCKS)

    assert set(json.loads(text)) <= set(shared("settings")["secrets"])


@pytest.mark.parametrize("heading", ["Rotate a secret", "Replay dead letters", "Restore the database"])
def test_operations_have_commands(heading: str) -> None:
    """These sections have commands."""
    section = re.search(rf"^### {heading}\n(.*?)(?=^### |\Z)", TEXT, re.MULTILINE | re.DOTALL)

    assert section is not None
    assert "```sh" in section[1]
