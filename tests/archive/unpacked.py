"""Unpacks archives into empty folders and runs them with only their own requirements installed."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import urllib3

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache/archives"
ON_MEMORY = """
import os
from common import wiring
from common.config import Config
from local.firestore_memory.documents import MemoryDocuments
wiring.use(wiring.Installation(Config(os.environ), documents=MemoryDocuments()))
from main import *
"""


def environment_for(folder: Path) -> Path:
    """A virtual environment with an archive's requirements alone, kept for the next run of the tests."""
    text = (folder / "requirements.txt").read_bytes()
    found = CACHE / hashlib.sha256(text + sys.version.encode()).hexdigest()[:16]
    if not (found / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", found], check=True)
        install = ("-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", "requirements.txt")
        subprocess.run([found / "bin/python", *install], cwd=folder, check=True)
        (found / "ready").touch()
    return found


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack an archive into a folder of its own."""
    with zipfile.ZipFile(archive) as contents:
        contents.extractall(folder)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_memory(folder: Path) -> str:
    """Put the document database in memory beside an archive, which has none itself; the source to start."""
    shutil.copytree(ROOT / "local/firestore_memory", folder / "local/firestore_memory")
    (folder / "on_memory.py").write_text(ON_MEMORY)
    return "on_memory.py"


@contextmanager
def running(
    name: str, folder: Path, settings: Mapping[str, str], *, source: str = "main.py"
) -> Iterator[str]:
    """A function as the platform starts it: its archive, its requirements, its settings and nothing else."""
    port = free_port()
    python = environment_for(folder) / "bin"
    process = {
        # The server leaves a control socket in the home folder.
        "HOME": str(folder),
        "PATH": f"{python}:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "THREADS": "2",
    }
    # The virtual environment's own commands are scripts that name it, so they are run by its Python.
    command = [python / "python", python / "functions-framework", "--target", name, "--source", source]
    with (folder / "log.txt").open("wb") as log:
        server = subprocess.Popen(
            [*map(str, command), "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env={**process, **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            await_start(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=15)


def await_start(url: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the function listens, long enough for a slow machine."""
    patience = urllib3.Retry(total=600, connect=600, backoff_factor=0.05, backoff_max=0.05)
    with urllib3.PoolManager(retries=patience) as pool:
        # The framework answers this one itself, so that the function's own first request is the test's.
        pool.request("GET", f"{url}/robots.txt", preload_content=True)
    assert server.poll() is None


def imports_of(folder: Path) -> subprocess.CompletedProcess[str]:
    """Import every module of an archive in a new process, including those that are imported late."""
    places = [path.relative_to(folder) for path in sorted((folder / "common").rglob("*.py"))]
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in places]
    return subprocess.run(
        [environment_for(folder) / "bin/python", "-c", f"import main, {', '.join(modules)}"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
