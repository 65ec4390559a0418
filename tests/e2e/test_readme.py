"""The commands of the README, run as they are written."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.e2e.test_stack import Up, free_ports

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.skipif(shutil.which("curl") is None, reason="the README's calls are made with curl"),
]


def script(first_port: int) -> str:
    """The README's commands after the start of the stack, with other ports."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    wanted = [block for block in blocks if "curl" in block]
    text = "\n".join(line.strip() for block in wanted for line in block.splitlines())
    text = text.replace("--role owner)", f"--role owner --port {first_port})")
    text = text.replace(".venv/bin/python", sys.executable)
    return re.sub(r"127\.0\.0\.1:80(8\d)", lambda found: f"127.0.0.1:{first_port + int(found[1]) - 80}", text)


@pytest.mark.parametrize(
    ("provider", "port", "page"),
    [("google", 2, "/o/oauth2/v2/auth?"), ("microsoft", 5, "/common/oauth2/v2.0/authorize?")],
)
def test_the_readmes_calls_end_at_the_consent_page(provider: str, port: int, page: str) -> None:
    """They create an account, a tenant, a resource and a service, and get the address of the consent page."""
    up = Up(free_ports())
    try:
        done = subprocess.run(
            ["bash", "-euc", script(up.port).replace('"provider": "google"', f'"provider": "{provider}"')],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        with requests.Session() as browser:
            browser.trust_env = False
            shown = browser.get(answers[-1]["authorization_url"], timeout=30)
    finally:
        up.close()

    assert (0, "") == (done.returncode, done.stderr)
    assert ["demo", "anna", "cut"] == [answer.get("id") for answer in answers[-4:-1]]
    assert answers[-1]["authorization_url"].startswith(f"http://127.0.0.1:{up.port + port}{page}")
    assert (200, True) == (shown.status_code, "anna@example.com" in shown.text)
