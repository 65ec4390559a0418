"""Terraform's own checks, where Terraform and its providers can be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.archive import build
from tests.terraform.deployment import ROOT, TERRAFORM

SHARED = ("common", "functions", "requirements")
FOUND = shutil.which("terraform")


def terraform(folder: Path, *command: str, extra: Mapping[str, str] | None = None) -> tuple[int, str]:
    if FOUND is None:
        pytest.skip("skipped: there is no terraform on the PATH")
    done = subprocess.run(
        [FOUND, *command],
        cwd=folder,
        env={**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", **(extra or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module", params=["terraform", "terraform/ses"])
def initialised(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a configuration with its providers, beside a copy of what it reads."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(TERRAFORM, root / "terraform", ignore=shutil.ignore_patterns(".terraform*"))
    folder: Path = root / request.param
    code, output = terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
    if code:
        pytest.skip(
            f"skipped: Terraform's providers cannot be fetched here: {' '.join(output.split())[-120:]}"
        )
    for name in SHARED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    build(root / "build/functions")
    return folder


def test_the_configuration_is_formatted() -> None:
    """Terraform fmt has been run."""
    assert (0, "") == terraform(
        TERRAFORM, "fmt", "-check", "-recursive", extra={"TF_CLI_CONFIG_FILE": os.devnull}
    )


def test_the_configuration_is_valid(initialised: Path) -> None:
    """Every argument, block, type and reference is one that the providers know."""
    code, output = terraform(initialised, "validate", "-no-color")

    assert code == 0, output


def test_the_plans_are_as_promised(initialised: Path) -> None:
    """The matrix of rights, the optional parts and the refusal of wrong variables: terraform/tests."""
    code, output = terraform(initialised, "test", "-no-color")

    assert code == 0, output
