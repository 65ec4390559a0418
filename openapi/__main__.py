"""Writes the documents that are checked in: ``python -m openapi``."""

from __future__ import annotations

import json
from typing import Any

from openapi.functions import ROOT, files


def text(document: dict[str, Any]) -> str:
    """A document as the text of its file."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the documents that changed, and print their names."""
    for path, document in files().items():
        new = text(document)
        if not path.exists() or path.read_text() != new:
            path.write_text(new)
            print(f"wrote {path.relative_to(ROOT)}")  # noqa: T201 - a command prints for its user


if __name__ == "__main__":
    main()
