"""Serves a function as the platform does, in its own process, and reads its CPU and memory from /proc."""

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

PAGE = os.sysconf("SC_PAGE_SIZE")
PATIENCE = 60.0
_PARENT = 1

BARE = """
import functions_framework

@functions_framework.http
def bare(request):
    return "", 204
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A function in a folder, its settings, and the request that is put to it."""

    name: str
    folder: Path
    settings: Mapping[str, str]
    request: bytes


@dataclass(slots=True)
class Served:
    """A running function."""

    process: subprocess.Popen[bytes]
    port: int
    started: float

    def family(self) -> list[int]:
        """The server's master and its workers."""
        return [self.process.pid, *_children(self.process.pid)]

    def cpu(self) -> float:
        """The CPU seconds that all of it has used so far."""
        return sum(_cpu(pid) for pid in self.family())

    def megabytes(self) -> float:
        """The resident memory of the worker, which is the one that grows."""
        return max(_resident(pid) for pid in self.family()) / 1e6


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of one HTTP request on a connection that is kept."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bare(folder: Path) -> Target:
    """The least that the framework serves, with bytecode like everything else."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.py").write_text(BARE)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder)], check=True)
    return Target("bare", folder, {}, request("POST", "/", {}))


@contextmanager
def served(target: Target, *, threads: int) -> Iterator[Served]:
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
        yield Served(process, port, started)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def first_answer(target: Target, run: Served) -> int:
    """Ask until it listens; the status of its first answer.

    Raises:
        TimeoutError: It never answered.
    """
    pause = threading.Event()
    while time.perf_counter() - run.started < PATIENCE:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", run.port)) as line:
            return ask(line, target.request)
        pause.wait(0.002)
    message = f"{target.name} did not answer"
    raise TimeoutError(message)


def since(run: Served) -> float:
    """The seconds since a function's process was started."""
    return time.perf_counter() - run.started


def ask(line: socket.socket, wanted: bytes) -> int:
    """Put one request on a connection; the status of the answer, whose body is read to its end."""
    line.sendall(wanted)
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(line)
    head, _, rest = got.partition(b"\r\n\r\n")
    lengths = [part for part in head.lower().split(b"\r\n") if part.startswith(b"content-length:")]
    missing = int(lengths[0].split(b":")[1]) - len(rest) if lengths else 0
    while missing > 0:
        missing -= len(_more(line))
    return int(head.split(b" ", 2)[1])


def _more(line: socket.socket) -> bytes:
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
