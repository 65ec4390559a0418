"""What Terraform deploys and what the code needs are one and the same, so neither can be renamed alone."""

from __future__ import annotations

import ast
import re

import pytest

from common.domain.shared.task_records import MaintenanceJob
from common.domain.shared.tasks import Lane, Work
from common.ports.machine import Tuning
from common.tasks.message import DISPATCH_DEADLINE_SECONDS, SCHEMA
from local.environment import queues
from tests.terraform import code
from tests.terraform.deployment import ROOT, TERRAFORM, functions, given, shared

NAMES = sorted(functions())


def text(name: str) -> str:
    return (TERRAFORM / name).read_text()


def test_every_function_is_deployed() -> None:
    """A folder with a main.py is a function, and nothing else is."""
    assert code.folders() == set(functions())


@pytest.mark.parametrize("name", NAMES)
def test_the_entry_point_exists(name: str) -> None:
    """Terraform names the function after its folder, and main.py defines it."""
    path = ROOT / "functions" / name / "main.py"
    defined = {node.name for node in code.tree(path).body if isinstance(node, ast.FunctionDef)}

    assert name in defined


def test_private_functions_are_those_that_tasks_call() -> None:
    """What the code protects by a token is closed by Terraform, and the other way round."""
    private = {name for name, item in functions().items() if item["access"] != "public"}
    by_scheduler = {name for name, item in functions().items() if item["access"] == "scheduler"}

    assert {work.value for work in Work} == private
    assert by_scheduler == {
        name for name in private if "Access.SCHEDULER" in (ROOT / f"functions/{name}/main.py").read_text()
    }


def test_every_setting_is_given() -> None:
    """What the code reads is what Terraform knows: plain, secret, the platform's, or for one machine only."""
    known = shared("settings")
    grouped = {setting for group in known["groups"].values() for setting in group}

    secrets = set(known["secrets"]) - set(known["libraries"])

    assert set(code.settings()) == (grouped | secrets | set(known["local_only"]) | set(known["platform"]))


def test_every_setting_has_a_value_or_a_default() -> None:
    """A setting is made by Terraform or left to the operator, who may leave it to the code's default."""
    known = shared("settings")
    grouped = {setting for group in known["groups"].values() for setting in group}
    needed = {name for name, optional in code.settings().items() if not optional}

    assert grouped == given() | set(known["optional"])
    assert set() == given() & set(known["optional"])
    assert set() == needed - given() - set(known["secrets"])


def test_groups_and_secrets_of_functions_exist() -> None:
    """A function is given only what settings.json describes."""
    known = shared("settings")

    assert {group for item in functions().values() for group in item["settings"]} == set(known["groups"])
    assert {name for item in functions().values() for name in item["secrets"]} == set(known["secrets"])


def test_every_queue_exists() -> None:
    """The lanes of the code are the queues, and every private function is fed by one."""
    queues = shared("queues")

    assert {lane.value for lane in Lane} == set(queues)
    assert {work for queue in queues.values() for work in queue["serves"]} == set(Work)


def test_queues_are_those_of_the_local_stack() -> None:
    """What is tried on one machine has the rates and backoffs that are deployed at the usual quota."""
    usual = Tuning().project_per_minute
    deployed = {
        f"slotbridge-{lane}": (
            int(queue["share"] * usual / 60 + 1e-9),
            queue["min_backoff"],
            queue["max_backoff"],
        )
        for lane, queue in shared("queues").items()
    }
    tried = {
        name: (queue["max_dispatches_per_second"], queue["min_backoff"], queue["max_backoff"])
        for name, queue in queues().items()
    }

    assert deployed == tried


def test_queues_never_send_more_than_instances_take() -> None:
    """Cloud Run's 429 would make Cloud Tasks slow down a whole queue."""
    for work in Work:
        function = functions()[work.value]
        sent = sum(queue["concurrency"] for queue in shared("queues").values() if work in queue["serves"])

        assert sent <= function["max_instances"] * function["concurrency"]


def test_deadlines_enclose_each_other() -> None:
    """A function ends before its task is given up, and the task before its lease is."""
    slowest = max(functions()[work.value]["timeout_seconds"] for work in Work)

    assert slowest < DISPATCH_DEADLINE_SECONDS < Tuning().lease_seconds


@pytest.mark.parametrize("name", NAMES)
def test_functions_may_feed_the_queues_that_they_name(name: str) -> None:
    """The right to a queue is given where the code makes tasks for it, and not where it makes none."""
    granted = set(functions()[name]["queues"])

    assert code.lanes(name) <= granted
    assert code.enqueues(name) or not granted


@pytest.mark.parametrize("work", list(Work))
def test_private_functions_may_put_their_tasks_off(work: Work) -> None:
    """A task that must wait goes back to the lane that it came from."""
    feeding = {lane for lane, queue in shared("queues").items() if work in queue["serves"]}

    assert feeding <= set(functions()[work]["queues"])


def test_the_scheduler_asks_for_jobs_that_exist() -> None:
    """The deployed jobs are jobs of the maintenance function, asked for in the form of a task."""
    body = f'v = {SCHEMA}, lane = "{Lane.UPKEEP}", payload = {{ job = each.key }}'

    assert {job.value for job in MaintenanceJob} - {MaintenanceJob.SWEEP} == set(shared("jobs"))
    assert body in text("scheduler.tf")


def test_metrics_count_events_that_are_logged() -> None:
    """A metric on an event that nobody logs would be silent for ever."""
    signals = shared("metrics")
    counted = {metric["event"] for metric in signals["metrics"].values()}

    assert set() == counted - code.events()
    assert {alert["metric"] for alert in signals["alerts"].values()} <= set(signals["metrics"])


def test_metrics_take_fields_that_their_event_has() -> None:
    """A label or a number that no line holds would be empty for ever."""
    for metric in shared("metrics")["metrics"].values():
        taken = {*metric["labels"], *([metric["value"]] if "value" in metric else [])}

        assert taken <= code.fields(metric["event"]), metric["event"]


def test_alerts_ask_for_labels_that_their_metric_has() -> None:
    """A condition on a label that is not extracted never holds."""
    signals = shared("metrics")
    for alert in signals["alerts"].values():
        asked = set(re.findall(r"metric\.labels\.(\w+)", alert.get("where", "")))

        assert asked <= set(signals["metrics"][alert["metric"]]["labels"])


def test_every_alert_is_in_the_runbook() -> None:
    """Whoever is woken finds what it means, what to look at and what to do."""
    runbook = (ROOT / "docs/runbook.md").read_text()
    named = set(re.findall(r"section `(\w+)`", text("monitoring.tf"))) | set(shared("metrics")["alerts"])
    sections = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", runbook, re.MULTILINE | re.DOTALL))

    assert named == set(sections)
    assert [] == [
        name
        for name, body in sections.items()
        if not all(word in body for word in ("**Means**", "**Look at**", "**Do**"))
    ]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (f"{folder}{file}", kind)
        for folder in ("", "ses/")
        for file, kind in (("variables.tf", "variable"), ("outputs.tf", "output"))
    ],
)
def test_variables_and_outputs_are_in_order_and_described(file: str, kind: str) -> None:
    """An operator finds every one, and reads what it is."""
    blocks = re.findall(rf'^{kind} "(\w+)" {{\n(.*?)^}}', text(file), re.MULTILINE | re.DOTALL)
    names = [name for name, _ in blocks]

    assert sorted(names) == names
    assert [] == [name for name, body in blocks if not body.startswith("  description")]


def test_every_variable_is_checked() -> None:
    """A wrong value stops at plan with a message, except where any value is right."""
    blocks = re.findall(r'^variable "(\w+)" {\n(.*?)^}', text("variables.tf"), re.MULTILINE | re.DOTALL)

    assert ["secrets"] == [name for name, body in blocks if "validation {" not in body]


def test_nothing_is_looked_up_at_plan() -> None:
    """A plan that reads the cloud would differ from day to day."""
    assert [] == [
        path.name for path in TERRAFORM.rglob("*.tf") if re.search(r"^data ", path.read_text(), re.MULTILINE)
    ]
