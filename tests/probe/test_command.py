import subprocess
import sys
from pathlib import Path

import pytest

from common.providers.google.authorizer import SCOPES as ASKED_OF_GOOGLE
from common.providers.microsoft.authorizer import SCOPES as ASKED_OF_MICROSOFT
from scripts.probe.command import FACTS, GOOGLE_SCOPES, MICROSOFT_SCOPES

ROOT = Path(__file__).resolve().parents[2]
ONE = {"google": "G14", "microsoft": "M21"}


def test_the_command_explains_itself():
    """`python -m scripts.probe --help` names the options and what is touched."""
    command = [sys.executable, "-m", "scripts.probe", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert {"--report", "--clean", "--guest", "--yes", "--refresh-token-file"} <= set(done.stdout.split())
    assert "two calendars that it makes" in done.stdout


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_facts_are_listed_without_an_account(provider):
    """`--list` prints each fact with what the double answers, and asks nobody."""
    command = [sys.executable, "-m", "scripts.probe", provider, "--list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert len(done.stdout.splitlines()) == len(FACTS[provider])


def test_no_more_is_asked_for_than_by_the_product():
    """The probe's scopes are the product's."""
    assert GOOGLE_SCOPES == ASKED_OF_GOOGLE
    assert MICROSOFT_SCOPES == ASKED_OF_MICROSOFT


def test_an_account_is_signed_in_with_a_refresh_token(double, tmp_path):
    """A refresh token from a file needs no browser."""
    path = tmp_path / "token"
    path.write_text(double.token() + "\n")
    code = double.run("--yes", "--only", ONE[double.provider], "--refresh-token-file", str(path))

    assert code == 0
    assert double.consents == []


def test_a_refused_consent_ends_the_command(double):
    """Whoever refuses on the consent page has an account that was not touched."""
    allowed = double.sim.consent
    double.sim.consent = lambda address, account: allowed(address, account=account, decision="deny")
    code = double.run("--yes")

    assert code == "the account was not signed in: the consent was refused, or was not ours"


def test_an_expired_access_token_is_renewed(double):
    """A run that lasts longer than its access token goes on with a fresh one."""
    shown = double.shown

    def expire(text):
        shown(text)
        if text == "Use a test account.":
            double.sim.admin.expire_access_tokens(double.account)

    double.shown = expire
    code = double.run("--yes", "--only", ONE[double.provider])
    asked = [call["method"] for call in double.sim.admin.calls()]

    assert code == 0
    assert asked.count("oauth.token") == 2


def test_what_was_not_given_is_not_tried(double):
    """Facts that need a guest, an address or a person's hands say so, and are no differences."""
    double.run("--yes", "--only", {"google": "G10", "microsoft": "M12"}[double.provider])

    assert any("not tried" in line and "(needs --" in line for line in double.lines)
    assert not any("different " in line for line in double.lines[:-1])


def test_requests_keep_their_distance(double):
    """Between two requests the given time passes."""
    double.run("--yes", "--only", ONE[double.provider], "--spacing", "0.5")

    assert set(double.pauses) == {0.5}
    assert f"({len(double.pauses)} requests)" in double.lines[-1]


def test_no_answer_at_all_is_said_in_words(double):
    """Where nothing can be reached, the command ends with a sentence."""
    double.sim.add_fault("drop_before", method="calendars.*", times=0)
    code = double.run("--yes")

    assert code == "the provider did not answer (ConnectionError)"
