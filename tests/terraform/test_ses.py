"""The identity at Amazon: applied by Terraform where its provider is at hand, and by its calls everywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.terraform.deployment import TERRAFORM
from tests.terraform.hcl import resolved, resources
from tests.terraform.ses import amazon

KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
REGION = "eu-central-1"
VARIABLES = {"domain": "example.com", "environment": "test", "prefix": "slotbridge", "region": REGION}
# Where a plugin may lie that was not fetched for this configuration; -plugin-dir takes one folder.
PLUGINS = (os.environ.get("TF_PLUGIN_DIR", ""), "/usr/local/share/terraform/plugins", "/opt/tf-plugins")
FOUND = shutil.which("terraform")


@pytest.fixture
def url() -> Iterator[str]:
    with amazon() as address:
        yield address


def client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )


def what_there_is(url: str) -> dict[str, Any]:
    """The identity and its configuration set, as Amazon tells them."""
    ses = client("sesv2", url)
    identity = ses.get_email_identity(EmailIdentity="example.com")
    chosen = ses.get_configuration_set(ConfigurationSetName="slotbridge")
    ses.close()
    return {
        "set": identity["ConfigurationSetName"],
        "key": identity["DkimAttributes"]["NextSigningKeyLength"],
        "from": identity["MailFromAttributes"]["MailFromDomain"],
        "without MX": identity["MailFromAttributes"]["BehaviorOnMxFailure"],
        "tls": chosen["DeliveryOptions"]["TlsPolicy"],
        "sending": chosen["SendingOptions"]["SendingEnabled"],
        "suppressed": sorted(chosen["SuppressionOptions"]["SuppressedReasons"]),
    }


WANTED = {
    "set": "slotbridge",
    "key": "RSA_2048_BIT",
    "from": "mail.example.com",
    "without MX": "USE_DEFAULT_VALUE",
    "tls": "REQUIRE",
    "sending": True,
    "suppressed": ["BOUNCE", "COMPLAINT"],
}


def test_the_calls_behind_the_configuration_make_the_identity(url: str) -> None:
    """Identity, DKIM, configuration set and MAIL FROM, with the values that stand in the HCL."""
    declared = resources(TERRAFORM / "ses/ses.tf")
    made = {name: resolved(values, VARIABLES, declared) for name, values in declared.items()}
    options = made["aws_sesv2_configuration_set.this"]
    identity = made["aws_sesv2_email_identity.this"]
    sender = made["aws_sesv2_email_identity_mail_from_attributes.this"]
    ses = client("sesv2", url)
    ses.create_configuration_set(
        ConfigurationSetName=options["configuration_set_name"],
        DeliveryOptions={"TlsPolicy": options["delivery_options"]["tls_policy"]},
        SendingOptions={"SendingEnabled": options["sending_options"]["sending_enabled"]},
        SuppressionOptions={"SuppressedReasons": options["suppression_options"]["suppressed_reasons"]},
    )
    length = identity["dkim_signing_attributes"]["next_signing_key_length"]
    ses.create_email_identity(
        EmailIdentity=identity["email_identity"],
        ConfigurationSetName=identity["configuration_set_name"],
        DkimSigningAttributes={"NextSigningKeyLength": length},
    )
    ses.put_email_identity_mail_from_attributes(
        EmailIdentity=sender["email_identity"],
        MailFromDomain=sender["mail_from_domain"],
        BehaviorOnMxFailure=sender["behavior_on_mx_failure"],
    )
    ses.close()

    assert WANTED == what_there_is(url)


def terraform(folder: Path, url: str, *command: str) -> subprocess.CompletedProcess[str]:
    assert FOUND is not None
    variables = [f"-var={name}={value}" for name, value in VARIABLES.items()]
    quiet = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [FOUND, *command, *(variables if command[0] != "init" else []), "-no-color", "-input=false"],
        cwd=folder,
        env={**os.environ, **KEYS, **quiet, "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def initialised(tmp_path: Path, url: str) -> Path:
    """A copy of the configuration with its provider and a state of its own, or a skip that says why."""
    if FOUND is None:
        pytest.skip("skipped: there is no terraform on the PATH")
    folder = tmp_path / "ses"
    shutil.copytree(TERRAFORM / "ses", folder, ignore=shutil.ignore_patterns(".terraform*", "tests"))
    (folder / "override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    plugins = next((place for place in PLUGINS if place and Path(place).is_dir()), None)
    done = terraform(folder, url, "init", *([f"-plugin-dir={plugins}"] if plugins else []))
    if done.returncode:
        reason = " ".join(done.stderr.split())[-160:]
        pytest.skip(f"skipped: the aws provider cannot be fetched and is in no plugin folder: {reason}")
    return folder


def sender_rights(url: str) -> tuple[list[str], list[str], dict[str, Any]]:
    """The sending user's groups, its own policies, and what its group may do."""
    iam = client("iam", url)
    groups = iam.list_groups_for_user(UserName="slotbridge-sender")["Groups"]
    own = iam.list_user_policies(UserName="slotbridge-sender")["PolicyNames"]
    policy = iam.get_group_policy(GroupName="slotbridge-senders", PolicyName="send")["PolicyDocument"]
    iam.close()
    (statement,) = policy["Statement"]
    return [group["GroupName"] for group in groups], own, statement


@pytest.mark.timeout(180)
def test_terraform_makes_the_identity_and_a_sender_with_one_right(initialised: Path, url: str) -> None:
    """Applied to moto's server; a second plan makes nothing anew, and a destroy succeeds.

    Moto gives no tags back, so the second plan would change them once more.
    """
    applied = terraform(initialised, url, "apply", "-auto-approve")
    assert applied.returncode == 0, applied.stderr
    made, (groups, own, statement) = what_there_is(url), sender_rights(url)
    again = terraform(initialised, url, "plan")
    state = json.loads((initialised / "terraform.tfstate").read_text())

    assert WANTED == made
    assert re.search(r"No changes|Plan: 0 to add, \d+ to change, 0 to destroy", again.stdout), again.stdout
    assert "slotbridge-sender" == state["outputs"]["sender"]["value"]
    assert (["slotbridge-senders"], []) == (groups, own)
    assert ["ses:SendEmail", "ses:SendRawEmail"] == statement["Action"]
    assert all("slotbridge" in arn or "example.com" in arn for arn in statement["Resource"])
    assert terraform(initialised, url, "destroy", "-auto-approve").returncode == 0
