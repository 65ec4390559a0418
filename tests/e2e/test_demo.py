"""`make demo`, run in a process of its own."""

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


def run_demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


def test_the_demo_runs_to_its_end_and_every_check_holds() -> None:
    """Connect, preview, first sync, an event, a race, a move, 410, throttling, disconnect: exit code 0.

    Once with Google, once with Outlook, and shortened with both at once, including a class of several seats.
    """
    done = run_demo()
    lines = done.stdout.splitlines()

    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    assert CHAPTERS == [line for line in lines if re.match(r"\d\. ", line)]
    assert lines[-1].startswith("Every check held.")
    assert "" == done.stderr
    assert set() == set(TIMED.findall((ROOT / "README.md").read_text())) - set(TIMED.findall(done.stdout))


@pytest.mark.parametrize(
    ("broken", "chapters", "reason"),
    [
        ("pushes", CHAPTERS[:3], "FAILED: a push message is delivered: not within 20 seconds"),
        ("outlook-pushes", CHAPTERS[7:10], "FAILED: a push message is delivered: not within 20 seconds"),
    ],
)
def test_the_demo_fails_if_pushes_are_lost(broken: str, chapters: list[str], reason: str) -> None:
    """If notifications are lost on purpose, the demo stops at the step that needs them, with exit code 1."""
    done = run_demo("--break", broken, STORE="memory")

    assert 1 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    assert reason in done.stdout
    assert chapters == [line for line in done.stdout.splitlines() if re.match(r"\d\. ", line)]
