"""Writes reproducible zip files: the same contents give the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

# The earliest time of the format; the files' own times would differ on every machine.
EPOCH = (1980, 1, 1, 0, 0, 0)
MODE = 0o644


def zip_bytes(contents: Mapping[str, bytes]) -> bytes:
    """A zip file of the contents, which are given by path."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, data in sorted(contents.items()):
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = MODE << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return raw.getvalue()
