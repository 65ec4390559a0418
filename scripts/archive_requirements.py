"""Reduces the lock file to what a function imports, and Google's client to the one API that is called."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.archive_dependencies import ROOT
from scripts.archive_zip import zip_bytes

LOCK = ROOT / "requirements/runtime.lock"
# Required without being imported: the server that the platform starts, and the time zone data.
ALWAYS = ("functions-framework", "gunicorn", "tzdata")
# The platform on which the archives run, wherever they are built.
PLATFORM: Mapping[str, str] = {
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_system": "Linux",
    "sys_platform": "linux",
}
EXTRAS: Mapping[str, frozenset[str]] = {"pyjwt": frozenset({"crypto"})}
CLIENT = "google-api-python-client"
DOCUMENTS = "googleapiclient/discovery_cache/documents/"
KEPT = DOCUMENTS + "calendar.v3.json"


def requirements(foreign: Iterable[str]) -> tuple[str, dict[str, bytes]]:
    """A function's hashed ``requirements.txt``, and the wheels that its archive contains.

    google-api-python-client brings 110 MB of descriptions of other APIs. The platform installs from the
    requirements, so the archive carries the same release as a wheel without them, named by path and hash.
    """
    entries = locked()
    wanted = _closure({*ALWAYS, *_distributions(foreign)})
    unknown = wanted - set(entries)
    if unknown:
        message = f"not in {LOCK.name}: {', '.join(sorted(unknown))}"
        raise SystemExit(message)
    wheels: dict[str, bytes] = {}
    lines = []
    for name in sorted(wanted):
        if name == CLIENT:
            path, wheel = pruned_client()
            wheels[path] = wheel
            lines.append(f"./{path} \\\n    --hash=sha256:{hashlib.sha256(wheel).hexdigest()}")
        else:
            lines.append(entries[name])
    return "\n".join(lines) + "\n", wheels


@cache
def locked() -> dict[str, str]:
    """The entries of the lock file by name."""
    found = re.split(r"\n(?=\S)", LOCK.read_text().strip())
    return {canonicalize_name(re.split(r"[=\[ ;]", entry, maxsplit=1)[0]): entry for entry in found}


@cache
def pruned_client() -> tuple[str, bytes]:
    """The installed client as a wheel with the Calendar API's description alone: its path and bytes."""
    found = metadata.distribution(CLIENT)
    name = f"google_api_python_client-{found.version}"
    contents: dict[str, bytes] = {}
    for file in found.files or ():
        path = file.as_posix()
        other = path.startswith(DOCUMENTS) and path != KEPT
        if other or path.startswith("..") or path.endswith((".pyc", "/RECORD", "/INSTALLER", "/REQUESTED")):
            continue
        contents[path] = Path(str(found.locate_file(file))).read_bytes()
    record = f"{name}.dist-info/RECORD"
    lines = [f"{path},{_digest(raw)},{len(raw)}" for path, raw in sorted(contents.items())]
    contents[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    return f"wheels/{name}-py3-none-any.whl", zip_bytes(contents)


def _digest(raw: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()


@cache
def _owners() -> Mapping[str, frozenset[str]]:
    """The distributions that each module belongs to, from the installed files."""
    owners: dict[str, set[str]] = {}
    for distribution in metadata.distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        for file in distribution.files or ():
            if file.suffix in {".py", ".so"} and ".." not in file.parts:
                parts = file.with_suffix("").parts
                module = ".".join(part.split(".")[0] for part in parts).removesuffix(".__init__")
                owners.setdefault(module, set()).add(name)
    return {module: frozenset(names) for module, names in owners.items()}


def _distributions(foreign: Iterable[str]) -> set[str]:
    """The distributions of these modules; standard library modules have none."""
    return {name for module in foreign for name in _owners().get(module, ())} & set(locked())


def _closure(roots: Iterable[str]) -> set[str]:
    """The distributions and everything that they require on the target platform."""
    found: set[str] = set()
    waiting = [(name, EXTRAS.get(name, frozenset())) for name in roots]
    while waiting:
        name, extras = waiting.pop()
        if name in found and not extras:
            continue
        found.add(name)
        for text in metadata.requires(name) or ():
            wanted = Requirement(text)
            if _applies(wanted, extras):
                waiting.append((canonicalize_name(wanted.name), frozenset(wanted.extras)))
    return found


def _applies(wanted: Requirement, extras: Iterable[str]) -> bool:
    marker = wanted.marker
    return marker is None or any(marker.evaluate({**PLATFORM, "extra": extra}) for extra in ("", *extras))
