"""The story of `make demo`, told by a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 300
TIMED = re.compile(r"^  ok +\d+\.\d\d s  (.*)$", re.MULTILINE)
ALONE = """
1. {who} connects her {name} calendars
2. The first synchronisation with {name}
3. {who} enters an event in {name}
4. Two customers want the same time
5. {who} moves the appointment in {name}
6. {name} has a bad day
7. {who} disconnects {name}
"""
TOGETHER = """
1. Clara connects her Google calendars
2. Clara connects her Outlook calendars
3. The first synchronisation with Google
4. The first synchronisation with Outlook
5. Clara's time is taken in either, and booked in both
6. Three guests share a class of Clara's
7. Clara disconnects Google
8. Clara disconnects Outlook
"""
CHAPTERS = [
    *ALONE.format(who="Anna", name="Google").split("\n")[1:-1],
    *ALONE.format(who="Bea", name="Outlook").split("\n")[1:-1],
    *TOGETHER.split("\n")[1:-1],
]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(LONGEST + 30)]


def tell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


def test_the_whole_story_is_told_and_every_check_holds() -> None:
    """Connect, preview, first sync, an event, a race, a move, 410, throttling, disconnect: exit code 0.

    Once with Google, once with Outlook, and in short with both at once, where a class is shared as well.
    """
    told = tell()
    lines = told.stdout.splitlines()

    assert 0 == told.returncode, told.stdout[-3000:] + told.stderr[-3000:]
    assert CHAPTERS == [line for line in lines if re.match(r"\d\. ", line)]
    assert lines[-1].startswith("Every check held.")
    assert "" == told.stderr
    assert set() == set(TIMED.findall((ROOT / "README.md").read_text())) - set(TIMED.findall(told.stdout))


@pytest.mark.parametrize(
    ("broken", "chapters", "reason"),
    [
        ("pushes", CHAPTERS[:3], "FAILED: a push message is delivered: not within 20 seconds"),
        ("outlook-pushes", CHAPTERS[7:10], "FAILED: a push message is delivered: not within 20 seconds"),
    ],
)
def test_a_product_that_hears_no_pushes_fails_the_story(
    broken: str, chapters: list[str], reason: str
) -> None:
    """A demo that passes with its product broken would show nothing: it stops at the broken step."""
    told = tell("--break", broken, STORE="memory")

    assert 1 == told.returncode, told.stdout[-3000:] + told.stderr[-3000:]
    assert reason in told.stdout
    assert chapters == [line for line in told.stdout.splitlines() if re.match(r"\d\. ", line)]
