"""The bench of the slots in small: the same answers from everyone, and no number where one is wrong."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench import plot, rivals
from bench.__main__ import TOPICS, topics
from bench.slots import WrongAnswerError, checked, documents, from_documents, from_texts
from bench.workload import FOUR_WEEKS, YEAR, case

ROOT = Path(__file__).resolve().parents[2]
# Each target, by the words that begin or end the name of its row.
PROMISED = (
    ("slots", "faster than the fastest exact rival"),
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


@pytest.mark.parametrize(("topic", "words"), PROMISED)
def test_every_target_has_a_row(topic: str, words: str) -> None:
    """What is promised is measured: its row is in the module of its topic, which the command runs."""
    assert topic in topics()
    assert words in (ROOT / "bench" / f"{topic}.py").read_text()


def test_every_topic_has_the_same_face() -> None:
    """The command can run whatever is there."""
    assert set(topics()) <= set(TOPICS)
    for topic in ("slots", "endpoint"):
        assert callable(import_module(f"bench.{topic}").run)


@pytest.mark.parametrize("busy", [2, 50, 400])
@pytest.mark.parametrize("days", [FOUR_WEEKS, YEAR])
def test_the_engine_answers_the_benchs_cases_like_the_brute_force(busy, days) -> None:
    """From texts and from stored weeks, over one and over two clock changes: none missing, none extra."""
    one = case(f"small-{busy}", days, busy)
    stored = documents(one)

    assert checked(one, {"texts": from_texts, "stored": lambda one: from_documents(one, stored)}) == (0, 0)
    assert len(one.answer) > 100


def test_a_case_is_the_same_in_every_run() -> None:
    """The dice are seeded: what was measured can be measured again."""
    one, again, other = (case("same", FOUR_WEEKS, 80, seed=seed) for seed in (1, 1, 2))

    assert one.busy == again.busy
    assert one.busy != other.busy
    assert len(one.busy) == 80


@pytest.mark.parametrize(
    ("module", "name"),
    [("timegrid", "_timegrid"), ("portion", "_portion"), ("intervaltree", "_intervaltree")],
)
def test_a_rival_is_used_rightly(module: str, name: str) -> None:
    """An exact library gives the exact answer, otherwise it would be an unfair comparison."""
    if find_spec(module) is None:
        pytest.skip("installed by make bench")
    one = case("rival", FOUR_WEEKS, 60)

    assert checked(one, {module: getattr(rivals, name)()}) == (0, 0)


def test_a_wrong_answer_ends_the_run() -> None:
    """One start too few or too many, and there is no number at all."""
    one = case("wrong", FOUR_WEEKS, 20)

    for wrong in (sorted(one.answer)[1:], [*one.answer, one.start], [*one.answer, *list(one.answer)[:1]]):
        with pytest.raises(WrongAnswerError):
            checked(one, {"rival": lambda _, wrong=wrong: wrong})


def test_the_picture_has_a_line_for_everyone() -> None:
    """Raw times by rival, and the stored agenda; a bigger cost is higher up."""
    rows = [
        {"name": f"w4_{size}: faster", "extra": {"slotbridge_ms": size / 100, "timegrid_ms": size / 10}}
        for size in (50, 500)
    ]
    rows.append({"name": "from agenda", "extra": {"w4_50_ms": 0.1, "w4_500_ms": 0.1}})
    told = plot.lines(rows)

    assert told["slotbridge"] == [(50, 0.5), (500, 5)]
    assert told["slotbridge, from the agenda"] == [(50, 0.1), (500, 0.1)]
    assert plot.svg(told).count("<polyline") == 3
