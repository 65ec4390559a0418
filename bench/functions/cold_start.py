"""Cold starts: from the start of a process to its first answer, memory, modules and the size of the archive.

A webhook's first answer is a push message that it has verified and queued. Of the other functions the first
answer is a refusal; what they open for their first real request is measured separately.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.functions.first_slots import first_slots_cpu
from bench.functions.function_server import (
    Target,
    bare,
    first_answer,
    request,
    running_function,
    seconds_since_start,
    unpack_archive,
)
from bench.functions.tasks_stub import running_tasks_stub
from bench.functions.webhook_setup import NAMES as WEBHOOKS
from bench.functions.webhook_setup import settings, webhook
from bench.report import Row, at_most, shown
from common.crypto.vault import new_keyset

TOPIC = "cold start"
TIMES_BARE, TIMES_OTHERS, TIMES_WORKER, MODULES = 1.15, 2.0, 3.0, 450
WORKERS = ("delta_sync", "export")
OTHERS = ("slots", "bookings", "delta_sync", "export", "services", "feeds")
# Opens what a first real request opens, without any service to connect to.
OPENED = """
import json, re, sys, time
from pathlib import Path
import functions_framework
import main
from common.wiring import installation
made = installation()
made.stores
for part in sys.argv[1:]:
    made.ports.providers[part] if part in ("google", "microsoft") else getattr(made, part)
# Not getrusage, which begins with the memory of the parent process.
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(json.dumps([time.process_time(), len(sys.modules), int(peak[1]) / 1024]))
"""
COUNTED = "import functions_framework, main, sys; print(len(sys.modules))"


@dataclass(frozen=True, slots=True)
class ColdStart:
    """The cost of starting one function: one number for each round, and what is the same in all of them."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]
    megabytes: float
    modules: int
    archive: int


def measure(names: tuple[str, ...] = (*WEBHOOKS, *OTHERS), *, rounds: int = 7) -> Mapping[str, ColdStart]:
    """Start each function and the bare handler in turn, and send each one request."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        tasks = running.enter_context(running_tasks_stub())
        targets = {"bare": bare(Path(folder) / "bare")}
        targets |= {name: _target(name, Path(folder), tasks) for name in names}
        seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in targets}
        for target in targets.values():
            # The first start reads everything from the disk.
            _started(target)
        for _ in range(rounds):
            for name, target in targets.items():
                seen[name].append(_started(target))
        return {
            name: ColdStart(
                wall=tuple(one[0] for one in found),
                cpu=tuple(one[1] for one in found),
                megabytes=median(one[2] for one in found),
                modules=int(_python(targets[name], COUNTED)),
                archive=_size(targets[name]),
            )
            for name, found in seen.items()
        }


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of all topics
    """Measure all functions; a row for each target."""
    found = measure(rounds=3 if quick else 9)
    plain = found["bare"]
    rows = []
    for name, start in found.items():
        if name == "bare":
            continue
        times = median(own / base for own, base in zip(start.cpu, plain.cpu, strict=True))
        slower = median(own / base for own, base in zip(start.wall, plain.wall, strict=True))
        beside = {
            "wall_times_bare": round(slower, 2),
            "ms_cpu": median(start.cpu) * 1e3,
            "bare_ms_cpu": median(plain.cpu) * 1e3,
            "ms_wall": median(start.wall) * 1e3,
            "MB": start.megabytes,
            "modules": start.modules,
            "archive_KiB": start.archive / 1024,
        }
        limit = TIMES_BARE if name in WEBHOOKS else TIMES_WORKER if name in WORKERS else TIMES_OTHERS
        rows.append(
            at_most(TOPIC, f"{name}: CPU to the first answer, times the bare one", times, limit, **beside)
        )
        if name in WEBHOOKS:
            rows.append(at_most(TOPIC, f"{name}: modules", start.modules, MODULES))
    return [*rows, _first_slots(quick=quick), *_opened()]


def _first_slots(*, quick: bool) -> Row:
    """The first real answer of ``slots``, which opens the store and reads from it."""
    times, spent = first_slots_cpu(
        lambda folder: _target("slots", folder, "http://127.0.0.1:9"), rounds=3 if quick else 9
    )
    return shown(TOPIC, "slots: CPU to the first list of slots, times the bare one", times, ms_cpu=spent)


def _opened() -> list[Row]:
    """Open what is opened late: the store, then providers, keys and queue if the function uses them."""
    opens = {
        "feeds": (),
        "slots": ("google", "microsoft", "vault"),
        "delta_sync": ("google", "microsoft", "vault", "queue"),
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, parts in opens.items():
            target = _target(name, Path(folder), "http://127.0.0.1:9")
            seconds, modules, megabytes = json.loads(_python(target, OPENED, *parts))
            rows.append(
                shown(
                    TOPIC, f"{name}: everything opened, modules", modules, ms_cpu=seconds * 1e3, MB=megabytes
                )
            )
    return rows


def _target(name: str, folder: Path, tasks: str) -> Target:
    if name in WEBHOOKS:
        return webhook(name, folder, tasks)
    place, _ = unpack_archive(name, folder)
    return Target(
        name, place, {**settings(tasks), **_other_settings()}, request("POST", "/no/such/route", {})
    )


def _other_settings() -> dict[str, str]:
    return {
        "CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:9",
        "EVENT_ID_KEY": "cd" * 32,
        "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
        "GOOGLE_CLIENT_ID": "1.apps.googleusercontent.com",
        "GOOGLE_CLIENT_SECRET": "a-secret",
        "GRANT_KEYSET": new_keyset(),
        "MICROSOFT_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
        "MICROSOFT_CLIENT_SECRET": "another-secret",
        "SIGNING_KEYS": "ef" * 32,
    }


def _started(target: Target) -> tuple[float, float, float]:
    """Wall seconds to the first answer, the CPU seconds behind it, and megabytes."""
    with running_function(target, threads=4) as running:
        first_answer(target, running)
        return seconds_since_start(running), running.cpu(), running.megabytes()


def _python(target: Target, code: str, *arguments: str) -> str:
    """The last line that a new process of a function prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=target.folder,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **target.settings},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


def _size(target: Target) -> int:
    archive = target.folder / "archive.zip"
    return archive.stat().st_size if archive.exists() else 0
