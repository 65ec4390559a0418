"""Works off an erasure, stage by stage, until nothing is left but its receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.domain.erasure import Erasure, Scope, Stage
from common.errors import UnknownResource
from common.flows.steps import anonymising, erasing
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class AdvanceErasure:
    """Which job."""

    tenant: str
    erasure: str


_Work = Callable[[Ports, Erasure], Erasure]

_DATA: Mapping[Stage, _Work] = {
    Stage.CLOSING: erasing.close,
    Stage.DISCONNECTING: erasing.disconnected,
    Stage.ERASING: erasing.erased,
    Stage.WAITING: erasing.waited,
    Stage.SWEEPING: erasing.erased,
}
# A customer has no connections, and nothing of a customer is a document of its own.
_CUSTOMER: Mapping[Stage, _Work] = {
    Stage.CLOSING: anonymising.begin,
    Stage.ERASING: anonymising.anonymise,
    Stage.WAITING: erasing.waited,
    Stage.SWEEPING: anonymising.anonymise,
}


def advance_erasure(ports: Ports, command: AdvanceErasure) -> None:
    """Do the next chunk and queue the one after it; every piece may be repeated.

    Raises:
        Retry: It does not work now; the job is where it was.
    """
    try:
        erasure = ports.archive.get(command.tenant, command.erasure)
    except UnknownResource:
        return
    work = (_CUSTOMER if erasure.scope is Scope.CUSTOMER else _DATA).get(erasure.stage)
    if work is None:
        return
    now = ports.clock.now()
    if erasure.waiting_until is None or erasure.waiting_until <= now:
        erasure = work(ports, erasure)
    if erasure.stage is Stage.DONE:
        ports.log.info("erased", tenant=erasure.tenant, erasure=erasure.id, scope=erasure.scope.value)
        return
    erasing.go_on(ports, erasure, not_before=erasure.waiting_until)
