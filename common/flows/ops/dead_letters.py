"""Dead letters: tasks that were given up after many tries, and that a person may have tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from common.domain.notify import Sender, booking_key
from common.domain.shared.outbox import OutboxEntry, woken
from common.domain.shared.tasks import DeadLetter, Task, Work
from common.flows.shared.outbox import outbox_task
from common.ports import Ports

# Longer than a mail service may take to refuse a mail.
_AT_ONCE = timedelta(minutes=2)


def replay_dead_letter(ports: Ports, *, tenant: str, letter: str) -> DeadLetter:
    """Queue the task once more, as a first attempt; the letter stays until that has succeeded.

    If it fails again, the letter says why. What is returned is the letter as it is now, with the time of this
    replay.

    Raises:
        UnknownResource: There is no such dead letter (any more).
    """
    now = ports.clock.now()
    replayed = replace(ports.ledger.dead_letter(tenant, letter), replayed_at=now)
    entry = _entry_at_rest(ports, replayed)
    woke = woken(entry, now=now) if entry else None
    if woke is None:
        _take_back(ports, replayed)
    # Stored first: if the queue refuses, the caller hears of it and replays once more.
    ports.ledger.replay_dead_letter(replayed, woke)
    cause = f"replay/{replayed.tenant}/{replayed.id}/{int(now.timestamp())}"
    ports.queue.enqueue(outbox_task(woke, bucket=cause) if woke else _task(replayed, name=cause))
    return replayed


def _entry_at_rest(ports: Ports, letter: DeadLetter) -> OutboxEntry | None:
    """The outbox entry that was given up with this letter; None where there was none, or it is worked off."""
    name = letter.payload.get("entry")
    entry = ports.ledger.outbox(str(name)) if name else None
    return entry if entry is not None and entry.at_rest else None


def _take_back(ports: Ports, letter: DeadLetter) -> None:
    """Forget that a mail was sent which was given up: up to release 0.2.0 both were stored alike, at once."""
    booking = letter.payload.get("booking")
    if letter.work is not Work.NOTIFY or not isinstance(booking, str):
        return
    last = ports.notifications.last(letter.tenant, booking_key(booking))
    at_once = last is not None and last.at <= letter.died_at <= last.at + _AT_ONCE
    if last is not None and last.by is Sender.SLOTBRIDGE and at_once:
        ports.notifications.forget(last)


def _task(letter: DeadLetter, *, name: str) -> Task:
    return Task(work=letter.work, lane=letter.lane, payload=letter.payload, name=name, letter=letter.id)
