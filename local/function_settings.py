"""Gives each local function exactly the settings and secrets that Terraform gives it when deployed."""

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
def _terraform_json(name: str) -> dict[str, Any]:
    return dict(json.loads((TERRAFORM / f"{name}.json").read_text()))


def settings_of(name: str, all_settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of one function out of all; names that Terraform does not know are kept.

    A function that Terraform does not know yet gets all; a test fails before such a one is deployed.
    """
    known, function = _terraform_json("settings"), _terraform_json("functions")["functions"].get(name)
    if function is None:
        return dict(all_settings)
    every = {setting for group in known["groups"].values() for setting in group} | set(known["secrets"])
    given = {setting for group in function["settings"] for setting in known["groups"][group]}
    kept = given | set(function["secrets"])
    return {setting: value for setting, value in all_settings.items() if setting not in every - kept}


def installations(whole: Installation, names: tuple[str, ...]) -> dict[str, Installation]:
    """An installation for each function, all sharing the store and the queue of ``whole``."""
    return {name: _installation(whole, name) for name in names}


def _installation(whole: Installation, name: str) -> Installation:
    made = Installation(Config(settings_of(name, whole.config.environment)))
    made.log = whole.log
    function = _terraform_json("functions")["functions"].get(name, {"firestore": True, "queues": ["live"]})
    if function["firestore"]:
        made.stores = whole.stores
    if function["queues"] and "lean" not in function:
        made.queue = whole.queue
    return made
