"""Replays work that was given up."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.shared.tasks import DeadLetter, Task
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class ReplayDeadLetter:
    """Which letter."""

    tenant: str
    letter: str


def replay_dead_letter(ports: Ports, command: ReplayDeadLetter) -> DeadLetter:
    """Queue the work once more, from the first attempt, and take the letter out.

    Raises:
        UnknownResource: There is no such letter (any more).
    """
    letter = ports.ledger.dead_letter(command.tenant, command.letter)
    # Queued first: every task may run twice, but none may be lost between two steps.
    ports.queue.enqueue(
        Task(
            work=letter.work,
            lane=letter.lane,
            payload=letter.payload,
            name=f"replay/{letter.tenant}/{letter.id}/{int(letter.died_at.timestamp())}",
        )
    )
    return ports.ledger.take_dead_letter(command.tenant, command.letter)
