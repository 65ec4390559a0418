"""Gives each function on this machine the settings and secrets of its deployment, and no others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from common.config import Config
from common.wiring import Installation

TERRAFORM = Path(__file__).parents[1] / "terraform"


@cache
def _shared(name: str) -> dict[str, Any]:
    return dict(json.loads((TERRAFORM / f"{name}.json").read_text()))


def settings_of(name: str, everything: Mapping[str, str]) -> dict[str, str]:
    """What is left of all settings for one function; what Terraform does not know of is kept.

    A function that Terraform does not know yet is given everything; a test says so before it is deployed.
    """
    known, function = _shared("settings"), _shared("functions")["functions"].get(name)
    if function is None:
        return dict(everything)
    every = {setting for group in known["groups"].values() for setting in group} | set(known["secrets"])
    given = {setting for group in function["settings"] for setting in known["groups"][group]}
    kept = given | set(function["secrets"])
    return {setting: value for setting, value in everything.items() if setting not in every - kept}


def installed(whole: Installation, names: tuple[str, ...]) -> dict[str, Installation]:
    """One installation a function, over the one store and the one queue of this machine."""
    return {name: _of(whole, name) for name in names}


def _of(whole: Installation, name: str) -> Installation:
    made = Installation(Config(settings_of(name, whole.config.environment)))
    made.log = whole.log
    function = _shared("functions")["functions"].get(name, {"firestore": True, "queues": ["live"]})
    if function["firestore"]:
        made.stores = whole.stores
    if function["queues"] and "lean" not in function:
        made.queue = whole.queue
    return made
