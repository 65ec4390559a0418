"""Works off one chunk of a synchronisation run and queues the next one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from common.domain.account import Connection, Phase, SyncRun
from common.errors import RateLimited, Stop, UnknownResource
from common.flows.steps import chunks
from common.flows.steps.amending import amend
from common.flows.steps.wakeups import wake_run
from common.ports import Ports

LIMITED = 60.0
_CHUNKS = {Phase.COUNTING: chunks.count, Phase.IMPORTING: chunks.bring_in, Phase.EXPORTING: chunks.send_out}


@dataclass(frozen=True, slots=True)
class AdvanceSync:
    """Which run, and which chunk of it."""

    tenant: str
    connection: str
    run: str
    seq: int


def advance_sync(ports: Ports, command: AdvanceSync) -> SyncRun | None:
    """Do one chunk; the run as it is then, or None where there is nothing (left) to do.

    Repeating a chunk is harmless, because pages and exports are; a chunk that was done already only makes
    sure that the next one is queued. A chunk that was overtaken, by a cancel, by other settings or by its own
    repetition, leaves the run alone.

    Raises:
        Retry: The provider or the store asks to come back later; until when can be read on the run.
        Stop: Only a person can help; the run goes on once the account is connected again.
    """
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return None
    run = connection.run
    if run is None or run.id != command.run or not run.running or not connection.usable:
        return None
    if run.seq != command.seq:
        wake_run(ports, connection, run)
        return run
    begun = replace(run, waiting_until=None, error=None)
    try:
        chunk = _CHUNKS[run.phase](ports, connection, begun)
    except RateLimited as limited:
        chunk = chunks.Chunk(begun, failed=limited)
    except Stop as stopped:
        _commit(ports, command, run, replace(run, error=stopped.reason))
        raise
    if chunk.failed is not None:
        _put_off(ports, command, run, chunk)
        raise chunk.failed
    saved = _commit(ports, command, run, replace(chunk.run, seq=run.seq + 1))
    if saved.run is not None and saved.run.running:
        wake_run(ports, saved, saved.run, not_before=chunk.not_before)
    return saved.run


def _put_off(ports: Ports, command: AdvanceSync, run: SyncRun, chunk: chunks.Chunk) -> None:
    """Keep what the chunk has done, and say until when it waits; the same chunk then goes on from there."""
    failed = chunk.failed
    until = None
    if isinstance(failed, RateLimited):
        until = ports.clock.now() + timedelta(seconds=failed.retry_after or LIMITED)
    error = failed.reason if failed else None
    _commit(ports, command, run, replace(chunk.run, waiting_until=until, error=error))


def _commit(ports: Ports, command: AdvanceSync, before: SyncRun, after: SyncRun) -> Connection:
    """Store the run, unless it is not any more what the chunk began with."""

    def moved(current: Connection) -> Connection:
        return replace(current, run=after) if current.run == before else current

    return amend(ports, command.tenant, command.connection, moved)
