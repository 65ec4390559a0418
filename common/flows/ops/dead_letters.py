"""Dead letters: tasks that were given up after many tries, and that a person may run again."""

from __future__ import annotations

from common.domain.shared.tasks import DeadLetter, Task
from common.ports import Ports


def replay_dead_letter(ports: Ports, *, tenant: str, letter: str) -> DeadLetter:
    """Queue the task once more, as a first attempt, and remove the dead letter.

    Raises:
        UnknownResource: There is no such dead letter (any more).
    """
    found = ports.ledger.dead_letter(tenant, letter)
    # Queued first: every task may run twice, but none may be lost between two steps.
    ports.queue.enqueue(
        Task(
            work=found.work,
            lane=found.lane,
            payload=found.payload,
            name=f"replay/{found.tenant}/{found.id}/{int(found.died_at.timestamp())}",
        )
    )
    return ports.ledger.take_dead_letter(tenant, letter)
