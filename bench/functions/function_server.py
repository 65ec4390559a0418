"""Serves a function in its own process, as the platform does, and reads its CPU and memory from /proc."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from scripts.archive import archive
from scripts.archive_zip import zip_bytes

PAGE = os.sysconf("SC_PAGE_SIZE")
MOST_SECONDS = 60.0
_PARENT = 1

BARE = """
import functions_framework

@functions_framework.http
def bare(request):
    return "", 204
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A function in a folder, its settings, and the request that is sent to it."""

    name: str
    folder: Path
    settings: Mapping[str, str]
    request: bytes


@dataclass(slots=True)
class RunningFunction:
    """A running function: its server process and its port."""

    process: subprocess.Popen[bytes]
    port: int
    started: float

    def processes(self) -> list[int]:
        """The process ids of the server's master and its workers."""
        return [self.process.pid, *_children(self.process.pid)]

    def cpu(self) -> float:
        """The CPU seconds that all its processes have used so far."""
        return sum(_cpu(pid) for pid in self.processes())

    def megabytes(self) -> float:
        """The resident memory of the largest process, which is the worker."""
        return max(_resident(pid) for pid in self.processes()) / 1e6


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """One HTTP request as bytes, for a connection that is kept open."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def free_port() -> int:
    """A port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bare(folder: Path) -> Target:
    """The bare handler: the smallest function that the framework serves, compiled like the others."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.py").write_text(BARE)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder)], check=True)
    return Target("bare", folder, {}, request("POST", "/", {}))


def unpack_archive(name: str, folder: Path) -> tuple[Path, int]:
    """Build a function's archive and unpack it below ``folder``; returns the place and the archive's size."""
    raw = zip_bytes(archive(name).contents)
    place = folder / name
    place.mkdir(parents=True)
    (place / "archive.zip").write_bytes(raw)
    with ZipFile(place / "archive.zip") as contents:
        contents.extractall(place)
    return place, len(raw)


@contextmanager
def running_function(target: Target, *, threads: int) -> Iterator[RunningFunction]:
    """The function behind the framework's own server, with one worker."""
    port = free_port()
    environment = {
        "HOME": str(target.folder),
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "THREADS": str(threads),
        "WORKERS": "1",
        **target.settings,
    }
    command = [sys.executable, "-m", "functions_framework", "--target", target.name, "--source", "main.py"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=target.folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield RunningFunction(process, port, started)
    finally:
        process.terminate()
        process.wait(timeout=MOST_SECONDS)


def first_answer(target: Target, run: RunningFunction) -> int:
    """Send the request until the function listens; the status of its first answer.

    Raises:
        TimeoutError: It did not answer in time.
    """
    pause = threading.Event()
    while time.perf_counter() - run.started < MOST_SECONDS:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", run.port)) as line:
            return send(line, target.request)
        pause.wait(0.002)
    message = f"{target.name} did not answer"
    raise TimeoutError(message)


def seconds_since_start(run: RunningFunction) -> float:
    """The seconds since a function's process was started."""
    return time.perf_counter() - run.started


def send(line: socket.socket, wanted: bytes) -> int:
    """Send one request on a connection and read the whole answer; returns its status."""
    line.sendall(wanted)
    got = b""
    while b"\r\n\r\n" not in got:
        got += _receive(line)
    head, _, rest = got.partition(b"\r\n\r\n")
    lengths = [part for part in head.lower().split(b"\r\n") if part.startswith(b"content-length:")]
    missing = int(lengths[0].split(b":")[1]) - len(rest) if lengths else 0
    while missing > 0:
        missing -= len(_receive(line))
    return int(head.split(b" ", 2)[1])


def _receive(line: socket.socket) -> bytes:
    got = line.recv(65_536)
    if not got:
        message = "the server closed the connection"
        raise ConnectionError(message)
    return got


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the command: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def _cpu(pid: int) -> float:
    """Nanoseconds of every thread: /proc/PID/stat counts hundredths of a second, a twentieth of a cold start.

    https://docs.kernel.org/scheduler/sched-stats.html
    """
    spent = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            spent += int(path.read_text().split()[0])
    return spent / 1e9


def _resident(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return 0


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if int(_stat(int(path.name))[_PARENT]) == parent:
                found.append(int(path.name))
    return found
