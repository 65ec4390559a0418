"""Two tenants in one world, each with one record of every kind and a unique word in all of its texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.domain.shared.tasks import DeadLetter, Lane, Work
from local.firestore_memory.documents import MemoryDocuments
from tests.api.conftest import Http
from tests.machinery import START
from tests.world import RETURN_TO, World

DAY = "2027-03-16"
HOURS = {day: ["08:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


@dataclass(frozen=True)
class FilledTenant:
    """A tenant with records: the word in all its texts, its ids by kind of record, and its secret tokens."""

    tenant: str
    word: str
    ids: Mapping[str, str]
    manage: str
    invited: str

    def token(self, role: str = "owner") -> str:
        return f"{role}.{self.tenant}.{self.ids['resource'] if role == 'staff' else '-'}"


def fill_tenant(http: Http, tenant: str) -> FilledTenant:
    """Make one record of every kind for a tenant, by calls of the HTTP API alone."""
    word = f"canary{tenant}"
    world, owner = http.world, f"owner.{tenant}.-"
    account = f"{word}@example.com"

    def call(method: str, path: str, *, token: str | None = owner, **options: Any) -> Any:
        answer = http(method, path, token=token, **options)
        assert answer.status < 300, (method, path, answer)
        return answer.body

    world.tenant = tenant
    world.account(account)
    start = {"dateTime": f"{DAY}T09:00:00+01:00"}
    event = {"summary": f"{word} title", "start": start, "end": {"dateTime": f"{DAY}T09:30:00+01:00"}}
    world.google.owner.put_event(account, event)
    call("PUT", "/tenant", json=_record(word))
    call("PUT", f"/resources/r-{tenant}", json=_resource(word, account))
    call(
        "PUT",
        f"/services/s-{tenant}",
        json={"name": f"{word} cut", "duration": 30, "resources": [f"r-{tenant}"]},
    )
    away = {"start": "2027-04-06T09:00:00+02:00", "end": "2027-04-06T12:00:00+02:00"}
    call("PUT", f"/resources/r-{tenant}/absences/a-{tenant}", json=away)
    connection = world.connect(account, resource=f"r-{tenant}")
    ids = {
        "resource": f"r-{tenant}",
        "service": f"s-{tenant}",
        "absence": f"a-{tenant}",
        "connection": connection.id,
        "calendar": connection.checked_calendars[0].key,
    }
    shown = {"show_events": True, "imports": {"mode": "full", "private": "full"}}
    call("PATCH", f"/connections/{connection.id}", json=shown)
    call("POST", f"/connections/{connection.id}/sync", json={})
    hook = call("POST", "/hooks", json={"url": f"https://shop.example/{word}"})
    made = call("POST", f"/bookings?tenant={tenant}", token=None, json=_booking(word, ids))
    invited = call("POST", "/invitations", json={"resource": ids["resource"], "return_to": RETURN_TO})
    world.drain()
    secret = next(word for mail in world.postbox.mails for word in mail.text.split() if invited["id"] in word)
    grant = call("POST", "/tenant/support", json={"reason": f"{word} reason", "hours": 24})
    gone = {"customer": f"gone-{word}@example.com"}
    erasure = call("POST", "/tenant/erasures", json={**gone, "confirm": gone["customer"]})
    feed = call("POST", f"/resources/{ids['resource']}/feed", json={"shows": "titles"})
    world.drain()
    _add_dead_letter(world, tenant, word)
    window = f"calendar={ids['calendar']}&from={DAY}T00:00:00Z&to=2027-03-17T00:00:00Z"
    (copy,) = call("GET", f"/connections/{connection.id}/events?{window}")["events"]
    (sent, *_) = call("GET", f"/hooks/{hook['id']}/deliveries")["deliveries"]
    more = {
        "hook": hook["id"],
        "booking": made["id"],
        "invitation": invited["id"],
        "grant": grant["id"],
        "erasure": erasure["id"],
        "secret": feed["url"].rsplit("/", 1)[1].removesuffix(".ics"),
        "letter": f"letter-{tenant}",
        "event": copy["key"],
        "delivery": sent["id"],
    }
    return FilledTenant(tenant, word, {**ids, **more}, made["management_token"], secret.rsplit("/", 1)[1])


def _record(word: str) -> dict[str, Any]:
    return {"name": f"{word} salon", "time_zone": "Europe/Zurich", "return_addresses": [RETURN_TO]}


def _resource(word: str, account: str) -> dict[str, Any]:
    return {"name": f"{word} person", "email": account, "time_zone": "Europe/Zurich", "hours": HOURS}


def _booking(word: str, ids: Mapping[str, str]) -> dict[str, Any]:
    return {
        "service": ids["service"],
        "resource": ids["resource"],
        "start": f"{DAY}T14:00:00+01:00",
        "customer": {"name": f"{word} customer", "email": f"customer-{word}@example.com"},
        "note": f"{word} note",
    }


def _add_dead_letter(world: World, tenant: str, word: str) -> None:
    world.ports.ledger.put_dead_letter(
        DeadLetter(
            id=f"letter-{tenant}",
            tenant=tenant,
            work=Work.NOTIFY,
            lane=Lane.LIVE,
            payload={"kind": "notice", "tenant": tenant, "notice": word},
            code="provider_unavailable",
            attempts=10,
            died_at=START,
        )
    )


Documents = dict[str, dict[str, Any]]


def snapshot_documents(world: World) -> Documents:
    """A copy of all documents in the database."""
    assert isinstance(world.documents, MemoryDocuments)
    return {name: dict(found) for name, found in world.documents._collections.items()}


def restore_documents(world: World, documents: Documents) -> None:
    """Set the database back to a copy made by snapshot_documents."""
    assert isinstance(world.documents, MemoryDocuments)
    collections = world.documents._collections
    collections.clear()
    collections.update({name: dict(found) for name, found in documents.items()})


def documents_of(documents: Documents, tenant: str) -> dict[str, str]:
    """The documents of one tenant by path, as text that can be compared."""
    return {
        f"{name}/{key}": repr(found)
        for name, collection in documents.items()
        for key, found in collection.items()
        if f"/{tenant}/" in f"/{name}/{key}/" or f"'{tenant}'" in repr(found)
    }


def answer_text(answered: Any) -> str:
    """The whole answer, headers included, as one text to search in."""
    return json.dumps(answered, ensure_ascii=False, default=str)
