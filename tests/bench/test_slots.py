"""The benchmark of the slots in small: all answers are the same, and a wrong one ends the run."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.__main__ import TOPICS
from bench.slots import baselines, plot
from bench.slots.engine import WrongAnswerError, check_answers, documents, from_documents, from_texts
from bench.slots.workload import FOUR_WEEKS, YEAR, case

# Each target, by a part of the name of its row.
TARGETS = (
    ("slots", "faster than the fastest exact baseline"),
    ("slots", "from agenda documents: growth from"),
    ("slots", "ms of CPU a resource"),
    ("endpoint", "less CPU than one document an appointment"),
    ("endpoint", "growth of CPU from"),
    ("endpoint", "document reads besides one a week"),
    ("endpoint", "time added to the slowest provider"),
    ("webhooks", "CPU, times the bare handler"),
    ("webhooks", "memory in MB"),
    ("cold_start", "CPU to the first answer, times the bare one"),
    ("cold_start", "modules"),
    ("export", "new booking exported during a back-fill"),
    ("end_to_end", "notification to slots, median"),
    ("end_to_end", "notification to slots, 99 %"),
    ("cost", "1,000 slot queries"),
    ("cost", "1,000 pushes"),
    ("cost", "first sync of"),
)


@pytest.mark.parametrize(("topic", "words"), TARGETS)
def test_every_target_has_a_row(topic: str, words: str) -> None:
    """Each target is a row of the module that the command runs for its topic."""
    module = find_spec(TOPICS[topic])

    assert module is not None
    assert words in Path(str(module.origin)).read_text()


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_can_be_run(topic: str) -> None:
    """The module of each topic has a function ``run``, which the command calls."""
    assert callable(import_module(TOPICS[topic]).run)


@pytest.mark.parametrize("busy", [2, 50, 400])
@pytest.mark.parametrize("days", [FOUR_WEEKS, YEAR])
def test_the_engine_answers_the_cases_like_the_brute_force(busy, days) -> None:
    """From text and from stored weeks, over one and two clock changes: no start is missing, none is extra."""
    one = case(f"small-{busy}", days, busy)
    stored = documents(one)

    assert check_answers(one, {"texts": from_texts, "stored": lambda one: from_documents(one, stored)}) == (
        0,
        0,
    )
    assert len(one.answer) > 100


def test_a_case_is_the_same_in_every_run() -> None:
    """The random numbers come from a seed, so that a measurement can be repeated."""
    one, again, other = (case("same", FOUR_WEEKS, 80, seed=seed) for seed in (1, 1, 2))

    assert one.busy == again.busy
    assert one.busy != other.busy
    assert len(one.busy) == 80


@pytest.mark.parametrize(
    ("module", "name"),
    [("timegrid", "_timegrid"), ("portion", "_portion"), ("intervaltree", "_intervaltree")],
)
def test_a_baseline_is_used_correctly(module: str, name: str) -> None:
    """An exact library gives the exact answer; otherwise the comparison would be unfair."""
    if find_spec(module) is None:
        pytest.skip("installed by make bench")
    one = case("baseline", FOUR_WEEKS, 60)

    assert check_answers(one, {module: getattr(baselines, name)()}) == (0, 0)


def test_a_wrong_answer_ends_the_run() -> None:
    """An answer with one start too few or too many raises an error instead of giving a number."""
    one = case("wrong", FOUR_WEEKS, 20)

    for wrong in (sorted(one.answer)[1:], [*one.answer, one.start], [*one.answer, *list(one.answer)[:1]]):
        with pytest.raises(WrongAnswerError):
            check_answers(one, {"baseline": lambda _, wrong=wrong: wrong})


def test_the_chart_has_a_line_for_each_baseline_and_the_stored_agenda() -> None:
    """Times from text by baseline, and times from the stored agenda, each by number of busy times."""
    rows = [
        {"name": f"w4_{size}: faster", "extra": {"slotbridge_ms": size / 100, "timegrid_ms": size / 10}}
        for size in (50, 500)
    ]
    rows.append({"name": "from agenda", "extra": {"w4_50_ms": 0.1, "w4_500_ms": 0.1}})
    data = plot.lines(rows)

    assert data["slotbridge"] == [(50, 0.5), (500, 5)]
    assert data["slotbridge, from the agenda"] == [(50, 0.1), (500, 0.1)]
    assert plot.svg(data).count("<polyline") == 3
