"""Builds what is deployed: an archive for each function, and the manifest that Terraform reads.

    .venv/bin/python -m scripts.archive

An archive holds the function's ``main.py``, the part of ``common/`` that it imports, both compiled, its
OpenAPI document, and its hashed requirements. The same code gives the same bytes, so that a function changes
only when its code does.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import marshal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.archive_dependencies import OURS, ROOT, dependencies
from scripts.archive_requirements import LOCK, requirements
from scripts.archive_zip import zip_bytes

FUNCTIONS_FILE = ROOT / "terraform/functions.json"
TARGET = ROOT / "build/functions"
# Where the platform unpacks an archive; the compiled code has these file names.
HOME = "/workspace"
# Version 2 has no back references, which would depend on what else is in memory.
MARSHAL_VERSION = 2
UNCHECKED_HASH = 0b01


@dataclass(frozen=True, slots=True)
class Archive:
    """One function's archive: its files, and the sources that it is built from."""

    name: str
    contents: Mapping[str, bytes]
    sources: tuple[str, ...]

    @property
    def digest(self) -> str:
        """A hash of the contents, independent of their compression."""
        parts = (f"{path} {hashlib.sha256(raw).hexdigest()}\n" for path, raw in sorted(self.contents.items()))
        return hashlib.sha256("".join(parts).encode()).hexdigest()


def deployed_functions() -> Mapping[str, Mapping[str, Any]]:
    """The deployed functions and their settings, as Terraform reads them."""
    return dict(json.loads(FUNCTIONS_FILE.read_text())["functions"])


def archive(name: str) -> Archive:
    """Build one function's archive."""
    lean = deployed_functions()[name].get("lean")
    main = ROOT / "functions" / name / "main.py"
    found = dependencies(main, late=lean is None, also=tuple(lean or ()))
    text, wheels = requirements(found.foreign)
    contents: dict[str, bytes] = {"requirements.txt": text.encode(), **wheels}
    for path in (main, *found.files):
        place = "main.py" if path == main else path.relative_to(ROOT).as_posix()
        contents[place] = path.read_bytes()
        contents[_cached(place)] = _compiled(place, contents[place])
    described = main.with_name("openapi.json")
    contents[described.relative_to(ROOT).as_posix()] = described.read_bytes()
    sources = (main, *found.files, described, LOCK)
    return Archive(name, contents, tuple(sorted(path.relative_to(ROOT).as_posix() for path in sources)))


def _cached(place: str) -> str:
    path = Path(place)
    return (path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc").as_posix()


def _compiled(place: str, source: bytes) -> bytes:
    """A module's bytecode, which is included because the platform compiles only the dependencies.

    See https://peps.python.org/pep-0552/.
    """
    code = compile(source, f"{HOME}/{place}", "exec", dont_inherit=True)
    head = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")
    return head + importlib.util.source_hash(source) + marshal.dumps(code, MARSHAL_VERSION)


def manifest(archives: Mapping[str, Archive]) -> dict[str, Any]:
    """The manifest: each archive's digest, its sources, and a digest of them."""
    return {
        name: {
            "digest": item.digest,
            "sources": list(item.sources),
            "sources_digest": sources_digest(item.sources),
        }
        for name, item in sorted(archives.items())
    }


def sources_digest(sources: tuple[str, ...]) -> str:
    """The hash of the sources' hashes; Terraform computes it as well and so finds outdated archives."""
    hashes = (hashlib.sha256((ROOT / path).read_bytes()).hexdigest() for path in sources)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def build(target: Path = TARGET) -> dict[str, Any]:
    """Write every archive and the manifest."""
    _check_runtime()
    archives = {name: archive(name) for name in deployed_functions()}
    target.mkdir(parents=True, exist_ok=True)
    for stale in {*target.glob("*.zip")} - {target / f"{name}.zip" for name in archives}:
        stale.unlink()
    for name, item in archives.items():
        (target / f"{name}.zip").write_bytes(zip_bytes(item.contents))
    made = manifest(archives)
    (target / "manifest.json").write_text(json.dumps(made, indent=2, sort_keys=True) + "\n")
    return made


def _check_runtime() -> None:
    runtime = json.loads(FUNCTIONS_FILE.read_text())["runtime"]
    here = f"python{sys.version_info.major}{sys.version_info.minor}"
    if here != runtime:
        message = f"archives for {runtime} must be built by that Python, and this is {here}"
        raise SystemExit(message)


def main() -> None:
    """Build all archives and print their sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--into", type=Path, default=TARGET, help="the folder for the archives")
    target: Path = parser.parse_args().into
    for name, entry in build(target).items():
        modules = sum(path.startswith(OURS) for path in entry["sources"])
        size = (target / f"{name}.zip").stat().st_size
        print(f"{name:16} {size / 1024:6.0f} KiB  {modules:3} modules of common/  {entry['digest'][:12]}")


if __name__ == "__main__":
    main()
