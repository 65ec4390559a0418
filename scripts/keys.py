"""Makes and rotates the keys of an installation; each key is added, then promoted, and much later retired.

    .venv/bin/python -m scripts.keys new                        all keys of a new installation, as JSON
    .venv/bin/python -m scripts.keys add SIGNING_KEYS < value   one more key, which only verifies yet
    .venv/bin/python -m scripts.keys promote SIGNING_KEYS …     the newest key signs, the others verify
    .venv/bin/python -m scripts.keys retire SIGNING_KEYS …      the signing key alone is left

Two steps, because instances with the old keys and with the new ones answer side by side while a new release
starts: a key must be known everywhere before anything is signed with it.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from typing import Any

from common.crypto.vault import new_keyset

KEYSET = "GRANT_KEYSET"
HMAC = ("CHANNEL_KEYS", "SIGNING_KEYS")
FIXED = "EVENT_ID_KEY"


def new() -> dict[str, str]:
    """Fresh values for every key that is made by ourselves."""
    return {name: secrets.token_hex(32) for name in (*HMAC, FIXED)} | {KEYSET: new_keyset()}


def add(name: str, value: str) -> str:
    """The value with one more key, which is not used for anything new yet."""
    if name == KEYSET:
        keyset, fresh = json.loads(value), json.loads(new_keyset())
        return json.dumps({**keyset, "key": [*keyset["key"], *fresh["key"]]})
    return f"{value.strip()},{secrets.token_hex(32)}"


def promote(name: str, value: str) -> str:
    """The value with its newest key in use."""
    if name == KEYSET:
        keyset = json.loads(value)
        return json.dumps({**keyset, "primaryKeyId": keyset["key"][-1]["keyId"]})
    *old, newest = value.strip().split(",")
    return ",".join([newest, *old])


def retire(name: str, value: str) -> str:
    """The value with the key in use alone: what the others signed or sealed is worth nothing any more."""
    if name == KEYSET:
        keyset: dict[str, Any] = json.loads(value)
        kept = [key for key in keyset["key"] if key["keyId"] == keyset["primaryKeyId"]]
        return json.dumps({**keyset, "key": kept})
    return value.strip().split(",")[0]


STEPS = {"add": add, "promote": promote, "retire": retire}


def main() -> None:
    """Read a value from standard input where one is needed, and write the new one to standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=["new", *STEPS])
    parser.add_argument("name", nargs="?", choices=[*HMAC, KEYSET])
    chosen = parser.parse_args()
    if chosen.step == "new":
        print(json.dumps(new()))
    elif chosen.name is None:
        parser.error("which key?")
    else:
        print(STEPS[chosen.step](chosen.name, sys.stdin.read()))


if __name__ == "__main__":
    main()
