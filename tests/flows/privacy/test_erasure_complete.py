"""The erasure of a tenant knows every collection that the store has, also one that is added some day."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path

from common.domain.privacy.erasure import ErasureStage
from common.store import paths
from common.store.firestore.documents import Create
from common.store.privacy import archive
from tests.flows.setups.erasure_setup import Erasing

STORE = Path(paths.__file__).parent
# Shared limits and leases: no one's data, and gone within a day by their expiry.
EXPIRING = {paths.PACING, paths.LEASES}
# The receipt, and the word that it was ordered.
KEPT = {"audit", "erasures"}


def made_paths() -> set[str]:
    """A document's path of every function that makes one, for the tenant ``t1``."""
    found = set()
    for name, make in inspect.getmembers(paths, inspect.isfunction):
        if name in {"part", "within"} or make.__module__ != paths.__name__:
            continue
        words = inspect.signature(make).parameters
        path = make(*("t1" if word == "t" else f"planted-{word}" for word in words))
        found.add(path if len(path.split("/")) % 2 == 0 else f"{path}/planted")
    return found


def named_collections() -> set[str]:
    """Every collection of a tenant that the store's modules name where they make a path."""
    found = set()
    for module in STORE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"within", "paths.within"}:
                word = ast.unparse(node.args[1])
                named = getattr(paths, word.removeprefix("paths."), None)
                found.add(named or getattr(archive, word, None) or word.strip("'"))
    return found


def planted(life: Erasing) -> set[str]:
    """One document at every path that has none of its kind yet."""
    wanted = made_paths() | {f"tenants/t1/{name}/planted" for name in named_collections()}
    there = {tuple(path.split("/")[::2]) for path in life.documents.paths()}
    missing = {path for path in wanted if tuple(path.split("/")[::2]) not in there}
    life.documents.commit([Create(path, {"tenant": "t1", "planted": True}) for path in sorted(missing)])
    return wanted


def test_the_collections_are_found_in_the_code_and_in_what_is_written() -> None:
    """Both ways to find collections find what is there today."""
    assert {"hooks", "invitations", "told", "limits", "audit", "support", "locks"} <= named_collections()
    assert any("/deliveries/" in path for path in made_paths())
    assert any("/cells/" in path for path in made_paths())
    assert all("(" not in name and "." not in name for name in named_collections())


def test_no_document_of_any_collection_outlives_the_erasure_of_its_tenant() -> None:
    """Every collection below a tenant, and every one outside that names the tenant."""
    life = Erasing(events=2)
    wanted = planted(life)
    receipt = life.erase()
    left = {path for path in life.documents.paths() if path.startswith("tenants/t1")}
    loose = {
        item.path
        for item in life.documents.get(life.documents.paths())
        if item.data and item.data.get("tenant") == "t1" and not item.path.startswith("tenants/")
    }

    assert len(wanted) > 25
    assert receipt.stage is ErasureStage.DONE
    assert KEPT == {path.split("/")[2] for path in left}
    assert set() == {path for path in loose if path.split("/")[0] not in EXPIRING}


def test_what_lies_outside_of_tenants_is_erased_or_expires() -> None:
    """A collection of its own is known to the erasure, or its documents end by themselves."""
    outside = {path.split("/")[0] for path in made_paths()} - {"tenants"}
    policies = json.loads((Path("terraform") / "indexes.json").read_text())["fieldOverrides"]
    expiring = {item["collectionGroup"] for item in policies if item.get("ttl")}

    assert outside == set(archive.OUTSIDE_TENANT) | EXPIRING
    assert expiring >= EXPIRING
