"""Starts and stops Google's own Firestore emulator; if it cannot run, the error is one line that says why."""

from __future__ import annotations

import argparse
import atexit
import http.client
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.closeable import Closeable
from local.firestore_jar import Found, NotPossible, download_jar, find

_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-Duser.language=en")
_READY_WITHIN = timedelta(seconds=30)
_STOP_SECONDS = 5.0
_TRIES = 3
_TRY_AGAIN = ("BindException", "Address already in use")
_TOO_OLD = "UnsupportedClassVersionError"


class EmulatorError(Exception):
    """The emulator cannot run; the message is one line for a person."""


class Emulator(Closeable):
    """A running emulator: ``host`` is what FIRESTORE_EMULATOR_HOST wants. Use it as a context manager."""

    def __init__(self, host: str, process: subprocess.Popen[bytes] | None = None) -> None:
        """``process`` is stopped by ``close``; None for an emulator that was not started here."""
        self.host = host
        self._process = process
        atexit.register(self.close)

    def close(self) -> None:
        """Stop the process that was started here; calling it twice is fine."""
        atexit.unregister(self.close)
        if self._process is not None:
            _stop(self._process)

    def reset(self, project: str) -> None:
        """Delete all documents of a project's default database."""
        path = f"emulator/v1/projects/{project}/databases/(default)/documents"
        status = _ask(self.host, "DELETE", f"/{path}")
        if status != 200:
            raise EmulatorError(f"the Firestore emulator refused the reset: {status}")


def start(found: Found | NotPossible | None = None, *, port: int = 0) -> Emulator:
    """Start the emulator that was found and wait until it answers; a running one is only checked.

    Start it from the main thread: where the machine can do it, the emulator ends with the thread that
    started it, so that a killed run leaves no orphan.

    Raises:
        EmulatorError: When there is none, or it does not come up.
    """
    what = find(download=download_jar) if found is None else found
    if isinstance(what, NotPossible):
        raise EmulatorError(what.reason)
    if what.host:
        if not _answers(what.host):
            raise EmulatorError(f"FIRESTORE_EMULATOR_HOST is {what.host}, but nothing answers there")
        return Emulator(what.host)
    output = ""
    for java in what.javas:
        for _ in range(_TRIES):
            running = _launch(java, what.jar, port or _free_port())
            if isinstance(running, Emulator):
                return running
            output = running
            if port or not any(word in output for word in _TRY_AGAIN):
                break
        if _TOO_OLD not in output:
            break
    last = output.strip().splitlines()[-1:] or ["it printed nothing"]
    raise EmulatorError(f"the Firestore emulator ({what.jar}) did not start: {last[0]}")


def _launch(java: Path, jar: Path, port: int) -> Emulator | str:
    """Start one process; if it does not come up, return what it printed."""
    host = f"127.0.0.1:{port}"
    command = [str(java), *_JVM, *_entry(jar), "--host=127.0.0.1", f"--port={port}"]
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "TERM", *command]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 - the command is built here
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        end = datetime.now(UTC) + _READY_WITHIN
        while datetime.now(UTC) < end and not _ended(process, within=0.05):
            if _answers(host):
                return Emulator(host, process)
        _stop(process)
        log.seek(0)
        return log.read().decode(errors="replace")


def _entry(jar: Path) -> list[str]:
    """Firebase's jar names its main class itself, the Google Cloud CLI's does not."""
    try:
        with zipfile.ZipFile(jar) as archive:
            manifest = archive.read("META-INF/MANIFEST.MF")
    except (zipfile.BadZipFile, KeyError):
        manifest = b""
    return ["-jar", str(jar)] if b"Main-Class:" in manifest else ["-cp", str(jar), _MAIN_CLASS]


def _ended(process: subprocess.Popen[bytes], *, within: float) -> bool:
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    if not _ended(process, within=_STOP_SECONDS):
        process.kill()
        process.wait()


def _answers(host: str) -> bool:
    try:
        return _ask(host, "GET", "/") == 200
    except (OSError, http.client.HTTPException):
        return False


def _ask(host: str, method: str, path: str) -> int:
    """One request to the emulator, never through a proxy of the environment."""
    connection = http.client.HTTPConnection(host, timeout=10)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: list[str] | None = None) -> int:
    """``python -m local.firestore_emulator``: run it until Ctrl-C; with ``--check`` only look for it."""
    parser = argparse.ArgumentParser(prog="python -m local.firestore_emulator")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--check", action="store_true", help="find or download it, start nothing")
    chosen = parser.parse_args(arguments)
    found = find(download=download_jar)
    if isinstance(found, NotPossible):
        print(found.reason, file=sys.stderr)
        return 1
    if chosen.check:
        print(found.host or found.jar)
        return 0
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with start(found, port=chosen.port) as emulator:
        print(f"FIRESTORE_EMULATOR_HOST={emulator.host}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
