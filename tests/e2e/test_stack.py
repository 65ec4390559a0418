"""`python -m local up`, started and stopped as a process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[2]
PARTS = 7

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def free_ports() -> int:
    """The first of seven consecutive free ports."""
    for first in range(20_000 + os.getpid() % 1000 * 10, 32_000, PARTS):
        with ExitStack() as probes:
            try:
                for port in range(first, first + PARTS):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


class Up:
    """A running stack: its port, and its output until it was ready."""

    def __init__(self, port: int, *arguments: str, **variables: str) -> None:
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "up", "--port", str(port), *arguments],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output: list[str] = []
        for line in self.process.stdout or ():
            self.output.append(line.rstrip())
            if line.startswith("ready"):
                return
        self.close()
        raise AssertionError(self.output)

    def children(self) -> list[int]:
        """The ids of the processes that it started."""
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(word) for word in listed.stdout.split()]

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; returns the exit code and the rest of the output."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, rest

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    running = Up(free_ports())
    yield running
    running.close()


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_the_output_lists_all_addresses(up: Up) -> None:
    """The addresses are on seven ports from the given one on; the command for a token is printed too."""
    text = "\n".join(up.output)

    assert [f"http://127.0.0.1:{up.port + number}" in text for number in (0, 1, 2, 3, 5, 6)] == [True] * 6
    assert f"python -m local token --tenant demo --role owner --port {up.port}" in text


def test_staff_calls_need_a_token(up: Up) -> None:
    """The token of the command line is accepted, for its own tenant; without a token the answer is 401."""
    token = run("token", "--tenant", "demo", "--role", "owner", "--port", str(up.port))
    place = {"name": "Demo", "time_zone": "Europe/Zurich"}
    url = f"http://127.0.0.1:{up.port}/tenant"
    with requests.Session() as browser:
        browser.trust_env = False
        stranger = browser.put(url, json=place, timeout=30)
        owner = browser.put(
            url, json=place, headers={"Authorization": f"Bearer {token.stdout.strip()}"}, timeout=30
        )

    assert (0, "") == (token.returncode, token.stderr)
    assert 401 == stranger.status_code
    assert (201, "demo") == (owner.status_code, owner.json()["id"])


def test_private_functions_are_closed_to_browsers(up: Up) -> None:
    """Functions of the task queue and the scheduler refuse staff tokens and calls without a token."""
    token = run("token", "--tenant", "demo", "--port", str(up.port)).stdout.strip()
    task = {"v": 1, "lane": "upkeep", "payload": {"job": "poll"}}
    with requests.Session() as browser:
        browser.trust_env = False
        answers = [
            browser.post(
                f"http://127.0.0.1:{up.port}/{name}", json=task, headers=headers, timeout=30
            ).status_code
            for name in ("maintenance", "delta_sync", "export", "initial_sync", "disconnect")
            for headers in ({}, {"Authorization": f"Bearer {token}"})
        ]

    assert [401] * 10 == answers


def test_an_unknown_function_is_a_problem(up: Up) -> None:
    """A function that does not exist is answered with a problem document."""
    with requests.Session() as browser:
        browser.trust_env = False
        answer = browser.get(f"http://127.0.0.1:{up.port}/nothing", timeout=30)

    assert (404, "unknown_route") == (answer.status_code, answer.json()["code"])
    assert "application/problem+json" == answer.headers["Content-Type"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_nothing_behind(number: signal.Signals) -> None:
    """The exit code is 0, and neither the emulator nor any other process is left."""
    client = {"GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "secret"}
    running = Up(free_ports(), "--providers", "external", **client)
    children = running.children()
    code, rest = running.stop(number)

    assert (0, True) == (code, rest.endswith("stopping\n")), rest
    assert [] == [pid for pid in children if alive(pid)]
    assert re.search(r"Google +the real service", "\n".join(running.output))


def test_missing_settings_for_external_providers_are_named() -> None:
    """The stack does not start, and names every missing setting."""
    ended = run("up", "--providers", "external", "--port", str(free_ports()))

    assert (1, "") == (ended.returncode, ended.stdout)
    assert "neither GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET nor MICROSOFT" in ended.stderr


def test_without_a_stack_there_is_no_token() -> None:
    """The command fails with one line that says why."""
    token = run("token", "--tenant", "demo", "--port", str(free_ports()))

    assert (1, "", 1) == (token.returncode, token.stdout, len(token.stderr.splitlines()))
