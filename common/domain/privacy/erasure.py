"""What belongs to a tenant, a resource or a customer, and how far its erasure has come."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from common.domain.booking.booking import Booking, Customer
from common.domain.shared.mailboxes import same_mailbox, spellings
from common.errors import InvalidRequest

ERASED = "Erased"
# The fields of a booking that may name its customer.
NAMING = ("customer", "note", "title", "description", "proposal")
# Ciphertexts, secrets and their hashes give access to something; they are nobody's personal data.
_SECRET_FIELDS = frozenset({"sealed", "secret_hash", "secrets", "verifier"})
_SECRET_COLLECTIONS = frozenset({"grants"})
# The customer's address while the job needs it, encrypted.
_SEALED = frozenset({("erasures", "address")})
_KEPT_COLLECTIONS = frozenset({"erasures"})
_ERASURE_ACTION = "erasure_started"


class Scope(StrEnum):
    """Whose data."""

    TENANT = "tenant"
    RESOURCE = "resource"
    CUSTOMER = "customer"


class ErasureStage(StrEnum):
    """How far an erasure has come, in this order; a customer's erasure has nothing to disconnect.

    ``closing``: what is erased can still be booked and connected.
    ``disconnecting``: its connections are ended, each at its provider.
    ``erasing``: the first pass over all documents.
    ``waiting``: for whoever began before the erasure and may store something behind the first pass.
    ``sweeping``: the second pass over all documents.
    ``done``: the job is a receipt.
    """

    CLOSING = "closing"
    DISCONNECTING = "disconnecting"
    ERASING = "erasing"
    WAITING = "waiting"
    SWEEPING = "sweeping"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Record:
    """One stored document, undecoded: its path and its fields."""

    path: str
    data: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def parts(self) -> tuple[str, ...]:
        """The path below the tenant: collection, id, collection, id, ..."""
        return tuple(self.path.split("/")[2:])

    @property
    def collection(self) -> str:
        """The name of the collection that it is in."""
        return self.path.split("/")[-2]


@dataclass(frozen=True, slots=True)
class Erasure:
    """The job of erasing something, and in the end its receipt: numbers and ids, nothing of what was erased.

    A customer is named by a keyed hash of the address (``subject``); ``address`` itself is kept encrypted
    until the work is done. ``position`` is the last document that this pass dealt with. ``connections`` are
    the ids of those that were ended. ``bookings_kept``: what was booked stays as the tenant's own record.
    ``events_left`` could not be deleted at the provider.
    """

    id: str
    tenant: str
    scope: Scope
    subject: str
    requested_by: str
    started_at: datetime
    stage: ErasureStage = ErasureStage.CLOSING
    position: str | None = None
    resource: str | None = None
    connections: tuple[str, ...] = ()
    address: str | None = field(default=None, repr=False)
    documents_erased: int = 0
    bookings_anonymised: int = 0
    connections_ended: int = 0
    events_erased: int = 0
    events_left: int = 0
    waiting_until: datetime | None = None
    finished_at: datetime | None = None
    bookings_kept: bool = False
    version: str | None = None

    def after_pass(self, now: datetime, *, wait: timedelta) -> Erasure:
        """The job behind the last document: after the first pass it waits for ``wait``, then it is done."""
        if self.stage is ErasureStage.SWEEPING:
            return replace(
                self,
                stage=ErasureStage.DONE,
                position=None,
                address=None,
                connections=(),
                finished_at=now,
            )
        return replace(self, stage=ErasureStage.WAITING, position=None, waiting_until=now + wait)

    def second_pass(self) -> Erasure:
        """The job at the beginning of its second pass, which finds what was stored behind the first one."""
        return replace(self, stage=ErasureStage.SWEEPING, position=None, waiting_until=None)


def sealed_for(tenant: str, erasure: str) -> str:
    """The context that binds a customer's encrypted address to the one job that needs it."""
    return f"erasure/{tenant}/{erasure}"


def scope_of(resource: str | None, customer: str | None) -> Scope:
    """Whose data is meant; naming nobody means all of the tenant's.

    Raises:
        InvalidRequest: Both a resource and a customer are named.
    """
    if resource is not None and customer is not None:
        raise InvalidRequest("name a resource or a customer, not both", code="invalid_fields")
    if resource is not None:
        return Scope.RESOURCE
    return Scope.TENANT if customer is None else Scope.CUSTOMER


def holds(
    record: Record, *, resource: str | None, connections: Collection[str], bookings_kept: bool = False
) -> bool:
    """Whether a record belongs to a resource or to one of its connections; without one everything does."""
    if resource is None:
        return True
    at = record.parts
    if bookings_kept and at[:1] == ("bookings",):
        return False
    return (
        at[:2] == ("resources", resource)
        or (at[:1] == ("connections",) and at[1] in connections)
        or record.data.get("resource") == resource
        or record.data.get("connection") in connections
    )


def erasable(record: Record) -> bool:
    """Whether a record may be removed: receipts stay, and the audit entries of ordered erasures."""
    if record.parts[:1] and record.parts[0] in _KEPT_COLLECTIONS:
        return False
    return not (record.collection == "audit" and record.data.get("action") == _ERASURE_ACTION)


def exported(record: Record) -> Mapping[str, Any] | None:
    """The fields of a record that an export shows; None for a record that is only a secret."""
    if record.collection in _SECRET_COLLECTIONS:
        return None
    return {
        key: value
        for key, value in record.data.items()
        if key not in _SECRET_FIELDS and (record.collection, key) not in _SEALED
    }


def same_address(left: str | None, right: str) -> bool:
    """Whether two spellings name one mailbox; None names nobody's."""
    return left is not None and same_mailbox(left, right)


def names(record: Record, address: str) -> bool:
    """Whether an address occurs in any text of a record, however deeply nested and in whichever spelling."""
    wanted = spellings(address)
    return any(spelling in text.casefold() for text in _texts(record.data) for spelling in wanted)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def anonymised(booking: Booking, now: datetime) -> Booking:
    """The booking without its customer, note and proposal, and without the owner's title and description."""
    return replace(
        booking,
        customer=Customer(name=ERASED, zone=booking.customer.zone),
        note=None,
        title=None,
        description=None,
        proposal=None,
        revision=booking.revision + 1,
        updated_at=now,
    )
