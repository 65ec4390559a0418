"""Writes zip files that are the same, byte for byte, whenever their contents are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

# The first moment that the format can express; the files' own times would differ on every machine.
EPOCH = (1980, 1, 1, 0, 0, 0)
MODE = 0o644


def zipped(contents: Mapping[str, bytes]) -> bytes:
    """The contents, by path, as a zip file."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, data in sorted(contents.items()):
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = MODE << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return raw.getvalue()
