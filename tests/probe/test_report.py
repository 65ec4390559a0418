import json
from datetime import UTC, datetime

from scripts.probe.fact import Fact
from scripts.probe.report import written
from scripts.probe.run import Finding, Verdict, harmless
from scripts.probe.web import Answer, keys
from tests.probe.doubles import GoogleDouble, MicrosoftDouble


def test_a_different_fact_is_shown_without_its_texts(double, tmp_path):
    """What is seen of an unexpected refusal is its status and reason, even where the message is private."""
    fact, method = {"google": ("G14", "events.list"), "microsoft": ("M105", "calendars.create")}[
        double.provider
    ]
    skip = {"google": 0, "microsoft": 2}[double.provider]
    double.sim.add_fault(
        "status", method=method, status=403, reason="forbidden", message="canary-message", times=0, skip=skip
    )
    path = tmp_path / "report.json"
    code = double.run("--yes", "--only", fact, "--report", str(path))
    found = json.loads(path.read_text())["facts"]

    assert code == 1
    assert [(each["verdict"], each["seen"]) for each in found] == [("different", "403 forbidden")]
    assert "canary-message" not in path.read_text() + "".join(double.lines)


def test_a_value_that_is_not_known_is_not_repeated():
    """Where a provider writes a text in place of a known value, the text is not shown."""
    with GoogleDouble() as double:
        double.sim.add_fault("rewrite", method="events.get", change={"status": "Canary"}, times=0)
        double.run("--yes", "--only", "G31")

        assert any("seen: 200 another" in line for line in double.lines)
        assert "Canary" not in "".join(line for line in double.lines if line.startswith("G31"))


def test_an_answer_of_another_form_is_different(double):
    """What is missing in an answer ends neither the run nor passes for the double's answer."""
    fact = {"google": "G23", "microsoft": "M2"}[double.provider]
    double.sim.add_fault("rewrite", method="*", change={}, remove=["updated", "value"], times=0)
    code = double.run("--yes", "--only", fact)

    assert code == 1
    assert any("seen: an answer of another form" in line for line in double.lines)


def test_a_link_to_another_server_is_not_followed():
    """The access token goes to the provider alone, whatever a next link says."""
    with MicrosoftDouble() as double:
        change = {"@odata.deltaLink": "https://elsewhere.example.test/v1.0/me"}
        double.sim.add_fault("rewrite", method="calendarView.delta", change=change, times=0)
        code = double.run("--yes", "--only", "M26")

        assert code == 0
        assert any("(a link led to another server)" in line for line in double.lines)


def test_words_that_may_be_private_are_hidden():
    """Ids, addresses and tokens are no words that a report shows."""
    shown = harmless("200 ada@example.test AAMkAGI2TG93AAA= 0f8fad5b-d9cb-469f ya29.a0Ab @odata.etag 255")

    assert shown == "200 (hidden) (hidden) (hidden) (hidden) @odata.etag 255"


def test_a_reason_that_is_no_word_is_left_out():
    """A provider that writes an address where a reason belongs is not repeated."""
    answer = Answer(400, {"error": {"code": "no mailbox for ada@example.test"}}, "")

    assert answer.said == "400"


def test_keys_that_may_be_private_are_left_out():
    """Names of keys that hold an id or an address are not shown."""
    assert keys({"id": 1, "@odata.etag": 2, "ada@example.test": 3, "AAMk1": 4}) == "@odata.etag id"


def test_the_meaning_of_a_known_observation_is_told():
    """Where others saw the same, the report says what it means."""
    fact = Fact("G1", "a fact", "200", str, others={"410 gone": "it was removed"})
    text = written("google", [Finding(fact, Verdict.DIFFERENT, seen="410 gone")], at=datetime.now(UTC))

    assert json.loads(text)["facts"][0]["meaning"] == "it was removed"
