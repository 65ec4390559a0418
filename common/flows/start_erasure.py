"""Orders the erasure of a tenant, a resource or a customer: a job with a receipt, worked off as tasks."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from common.domain.erasure import Erasure, Scope, scope_of
from common.domain.support import Action
from common.errors import InvalidRequest, UnreadableDocument
from common.flows.steps.erasing import SECOND_LOOK, customer_word, go_on, sealed_for
from common.flows.steps.oversight import entry
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class StartErasure:
    """Whose data; naming nobody means all of the tenant's. ``confirm`` repeats the name."""

    tenant: str
    subject: str
    confirm: str = field(repr=False)
    resource: str | None = None
    customer: str | None = field(default=None, repr=False)


def start_erasure(ports: Ports, command: StartErasure) -> Erasure:
    """The job; it cannot be called back.

    Raises:
        InvalidRequest: What is to be erased was not confirmed, or two things were named.
        UnknownResource: There is no such resource.
    """
    scope = scope_of(command.resource, command.customer)
    if command.confirm != (command.customer or command.resource or command.tenant):
        raise InvalidRequest("repeat what shall be erased in `confirm`", code="not_confirmed")
    if command.resource is not None:
        # One that cannot be read is erased all the same.
        with suppress(UnreadableDocument):
            ports.catalogue.resource(command.tenant, command.resource)
    now, name = ports.clock.now(), ports.keys.token().replace("-", "").replace("_", "")[:20]
    subject, address = command.resource or command.tenant, None
    if scope is Scope.CUSTOMER and command.customer is not None:
        subject = customer_word(ports, command.tenant, command.customer)
        address = ports.vault.conceal(command.customer, context=sealed_for(command.tenant, name))
    erasure = Erasure(
        id=name,
        tenant=command.tenant,
        scope=scope,
        subject=subject,
        requested_by=command.subject,
        started_at=now,
        resource=command.resource,
        address=address,
    )
    target = f"{scope.value}/{subject}/{name}"
    told = entry(
        ports, tenant=command.tenant, who=command.subject, action=Action.ERASURE_STARTED, target=target
    )
    # Queued before it is written as well: a task without a job does nothing.
    go_on(ports, erasure, cause="later", not_before=now + SECOND_LOOK)
    stored = ports.archive.create(erasure, told)
    go_on(ports, stored)
    return stored
