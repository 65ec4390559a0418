import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[3]


def test_command_serves_until_interrupted():
    """`python -m local.google` prints its address, serves with the given account, and ends on Ctrl-C."""
    command = [sys.executable, "-m", "local.google", "--port", "0", "--account", "ada@example.test"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        url = re.search(r"http://127\.0\.0\.1:\d+", running.stdout.readline()).group()
        with urlopen(f"{url}/_sim/state", timeout=10) as response:
            state = json.load(response)["result"]
        running.send_signal(signal.SIGINT)
        running.wait(timeout=10)

    assert list(state["calendar_lists"]) == ["ada@example.test"]
    assert running.returncode == 0
