"""Each function has the rights that its code needs, and data is not destroyed by accident."""

from __future__ import annotations

import re

import pytest

from tests.terraform import code, reach
from tests.terraform.deployment import TERRAFORM, functions, shared

NAMES = sorted(functions())


def text(name: str) -> str:
    return (TERRAFORM / name).read_text()


@pytest.mark.parametrize("name", NAMES)
def test_only_functions_with_a_store_may_open_it(name: str) -> None:
    """The right to the database follows from the code; a webhook has neither."""
    opens = "common/store/firestore/client.py" in code.reads(name)

    assert opens is functions()[name]["firestore"]


@pytest.mark.parametrize("name", NAMES)
def test_functions_hold_the_secrets_that_they_use(name: str) -> None:
    """Each secret is given where the code comes to what it is for, and nowhere else."""
    touched, purposes = reach.touches(name), reach.purposes(name)
    needed = {
        "GRANT_KEYSET": "vault" in touched,
        "GOOGLE_CLIENT_SECRET": "providers" in touched,
        "MICROSOFT_CLIENT_SECRET": "providers" in touched,
        "CHANNEL_KEYS": "channel" in purposes,
        "EVENT_ID_KEY": "event" in purposes,
        "SIGNING_KEYS": bool(purposes - {"channel", "event"}) or reach.counts_strangers(name),
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SMTP_PASSWORD"), reach.mails(name)),
    }

    assert set(needed) == set(shared("settings")["secrets"])
    assert [secret for secret in sorted(needed) if needed[secret]] == functions()[name]["secrets"]


@pytest.mark.parametrize("name", NAMES)
def test_functions_know_the_clients_and_senders_that_they_use(name: str) -> None:
    """Who asks a provider knows our registrations there; who asks whether mails are sent knows the sender."""
    touched, groups = reach.touches(name), set(functions()[name]["settings"])

    assert ("providers" in touched) is ("google" in groups) is ("microsoft" in groups)
    assert ("mailer" in touched) is ("sender" in groups)
    assert reach.mails(name) is ("mail" in groups)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("webhook_")])
def test_webhooks_hold_one_key_and_feed_one_queue(name: str) -> None:
    """Who takes over a webhook can make calendars be looked at, and nothing else."""
    item = functions()[name]

    assert ["CHANNEL_KEYS"] == item["secrets"]
    assert ["sync"] == item["queues"]
    assert item["min_instances"] >= 1


@pytest.mark.parametrize(
    ("file", "resource"),
    [
        ("queues.tf", "google_cloud_tasks_queue"),
        ("firestore.tf", "google_firestore_database"),
        ("secrets.tf", "google_secret_manager_secret"),
    ],
)
def test_data_is_not_destroyed_in_one_step(file: str, resource: str) -> None:
    """Queues, the database and the keys are kept by Terraform itself, whatever is asked."""
    block = re.search(rf'^resource "{resource}" .*?^}}', text(file), re.MULTILINE | re.DOTALL)

    assert block is not None
    assert "prevent_destroy = true" in block[0]


def test_data_survives_the_first_step_of_its_destruction() -> None:
    """Who takes prevent_destroy away still meets the database's own protection, and that of the secrets."""
    database, secrets = text("firestore.tf"), text("secrets.tf")

    assert "delete_protection_state           = var.firestore.delete_protection ?" in database
    assert "delete_protection = optional(bool, true)" in text("variables.tf")
    assert 'deletion_policy                   = "ABANDON"' in database
    assert "deletion_protection = true" in secrets
