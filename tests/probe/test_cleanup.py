import pytest

from scripts.probe.calendar_names import is_ours
from tests.probe.doubles import GoogleDouble, MicrosoftDouble

LISTING = {"google": "events.list", "microsoft": "calendarView.delta"}
THEIRS = "Slotbridge probe notes"


@pytest.fixture
def left(double):
    """Two calendars as a run that was killed leaves them, and one of a person with nearly the same name."""
    double.add_calendar(THEIRS)
    double.sim.add_fault("status", method="calendars.delete", status=500, reason="backendError", times=0)
    double.run("--yes", "--only", "none")
    double.sim.inspect.clear_faults()
    return double


def test_leftovers_are_removed_by_name(left):
    """`--clean` removes what a run that was killed has left, and no other calendar."""
    before = left.calendars()
    code = left.run("--yes", "--clean")

    assert code == 0
    assert len([name for name in before if is_ours(name)]) == 2
    assert left.calendars() == [name for name in before if not is_ours(name)]
    assert left.lines[-1] == "2 calendars removed"


def test_an_interrupted_run_removes_its_calendars(double):
    """Ctrl-C in the middle ends the run, and nothing is left in the account."""
    before = double.calendars()
    double.interrupt_at = {"google": "G2-", "microsoft": "M1-"}[double.provider]
    double.run("--yes")

    assert "interrupted" in double.lines
    assert double.calendars() == before


def test_a_run_that_fails_removes_its_calendars(double):
    """A connection that breaks again and again is no verdict, and nothing is left."""
    before = double.calendars()
    double.sim.add_fault("drop_before", method=LISTING[double.provider], times=0)
    code = double.run("--yes", "--only", {"google": "G2", "microsoft": "M21"}[double.provider])

    assert code == 0
    assert any("no answer (ConnectionError)" in line for line in double.lines)
    assert double.calendars() == before


def test_a_run_without_requests_left_removes_its_calendars(double):
    """A run makes no more requests than it may, but for those that clean up."""
    before = double.calendars()
    double.run("--yes", "--most-calls", "12")

    assert any("the run's requests are used up" in line for line in double.lines)
    assert double.calendars() == before


def test_nothing_happens_without_consent(double):
    """Whoever does not say yes has an account in which nothing was written."""
    double.answers = [""]
    code = double.run()

    assert code == "nothing was done"
    assert "calendars.insert" not in {call["method"] for call in double.sim.admin.calls()}
    assert "calendars.create" not in {call["method"] for call in double.sim.admin.calls()}


@pytest.mark.parametrize("name", [THEIRS, "Slotbridge probe", "Slotbridge probe 20261103-080000 C", None])
def test_other_names_are_not_ours(name):
    """Only a name exactly as the probe gives it is one of its own."""
    assert not is_ours(name)


@pytest.mark.parametrize("kind", [GoogleDouble, MicrosoftDouble])
def test_a_passing_limit_is_waited_for(kind):
    """A request that is told to come later is repeated after the time that was named."""
    with kind() as double:
        reason = {"google": "rateLimitExceeded", "microsoft": "ApplicationThrottled"}[kind.provider]
        method = {"google": "calendars.insert", "microsoft": "calendars.create"}[kind.provider]
        double.sim.add_fault("status", method=method, status=429, reason=reason, retry_after="7", times=2)
        code = double.run("--yes", "--only", {"google": "G14", "microsoft": "M21"}[kind.provider])

        assert code == 0
        assert double.pauses.count(7.0) == 2
