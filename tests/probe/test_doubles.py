import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.probe.command import FACTS
from scripts.probe.run import Verdict
from tests.probe.doubles import GUEST, HOOK, Double, GoogleDouble, MicrosoftDouble

ROOT = Path(__file__).resolve().parents[2]
REPORTED = {"fact", "row", "about", "verdict", "seen", "double", "meaning", "why"}


@dataclass
class Run:
    """A whole run with everything that a fact may need, and what it left."""

    double: Double
    code: Any
    report: str
    before: Any
    after: Any


@pytest.fixture(scope="module", params=[GoogleDouble, MicrosoftDouble], ids=["google", "microsoft"])
def ran(request, tmp_path_factory):
    """One run with all facts for the tests of this file."""
    path = tmp_path_factory.mktemp("probe") / "report.json"
    with request.param() as double:
        before = double.calendars(), double.own_events()
        code = double.tried("--report", str(path))
        after = double.calendars(), double.own_events()
        yield Run(double, code, path.read_text(), before, after)


def unexpected(lines):
    verdicts = (f" {Verdict.DIFFERENT} ", f" {Verdict.NOT_TRIED} ")
    return [each for each in lines[:-1] if any(verdict in each for verdict in verdicts)]


def test_every_fact_is_as_at_the_double(ran):
    """A run against a double, with everything that a fact may need, finds nothing different or untried."""
    every = len(FACTS[ran.double.provider])

    assert unexpected(ran.double.lines) == []
    assert ran.code == 0
    assert ran.double.lines[-1].startswith(f"{every} as the double, 0 different, 0 not tried")


def test_nothing_is_left_or_touched(ran):
    """After a run the account has its calendars and its own event as before, and no channel is open."""
    assert ran.after == ran.before
    assert ran.double.open_channels() == []


def test_nobody_is_mailed_but_the_guest(ran):
    """Whoever is not the guest that the operator named hears nothing."""
    assert {each["to"] for each in ran.double.sim.admin.mails()} <= {GUEST}


def test_a_report_holds_nothing_private(ran):
    """No token, id, address or text of the account, its calendars or its guest is in a report."""
    double = ran.double
    grants = double.sim.inspect.grants()
    texts = [value for each in grants for value in each.values() if isinstance(value, str)]
    tokens = [value for value in texts if len(value) > 20]
    ids = [event["id"] for event in double.sim.inspect.events(double.home)]
    private = ["canary", double.account, double.home, GUEST, HOOK, "Slotbridge probe", *tokens, *ids]

    assert [word for word in private if word in ran.report] == []
    assert set(json.loads(ran.report)) == {"provider", "date", "counts", "facts"}
    assert {name for each in json.loads(ran.report)["facts"] for name in each} == REPORTED


def test_nobody_is_mailed_without_a_guest(double):
    """Without a guest, no mail goes to anybody."""
    double.run("--yes")

    assert double.sim.admin.mails() == []


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_facts_have_names_of_their_own(provider):
    """No two facts have one name, and each name begins with a row of the document."""
    names = [fact.name for fact in FACTS[provider]]
    document = (ROOT / "docs/provider-facts.md").read_text()
    unknown = [fact.name for fact in FACTS[provider] if f"| {fact.row} |" not in document]

    assert len(names) == len(set(names))
    assert len(names) > 100
    assert unknown == []
