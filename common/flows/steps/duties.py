"""Queues the upkeep of one connection or calendar as tasks of their own."""

from __future__ import annotations

from datetime import datetime

from common.domain.work import Lane, Task, Work
from common.ports import Ports


def settle_later(
    ports: Ports,
    *,
    tenant: str,
    connection: str,
    calendar: str,
    cause: str,
    not_before: datetime | None = None,
) -> None:
    """Have a calendar brought in line with its connection's settings."""
    _queue(
        ports,
        {"job": "settle", "tenant": tenant, "connection": connection, "calendar": calendar},
        cause=cause,
        not_before=not_before,
    )


def look_after(ports: Ports, *, tenant: str, connection: str, job: str, cause: str) -> None:
    """Have a whole connection looked after: ``job`` is "reconcile" or "refresh"."""
    _queue(ports, {"job": job, "tenant": tenant, "connection": connection, "scheduled": True}, cause=cause)


def catch_up_later(
    ports: Ports, *, tenant: str, connection: str, cause: str, not_before: datetime | None = None
) -> None:
    """Have a connection that works again catch up; whatever is queued twice for one ``cause`` collapses."""
    _queue(
        ports,
        {"job": "catch_up", "tenant": tenant, "connection": connection, "cause": cause},
        cause=f"{cause}/{'later' if not_before else 'now'}",
        not_before=not_before,
    )


def _queue(
    ports: Ports,
    payload: dict[str, str | int | bool | None],
    *,
    cause: str,
    not_before: datetime | None = None,
) -> None:
    ids = [str(payload[name]) for name in ("job", "tenant", "connection", "calendar") if name in payload]
    ports.queue.enqueue(
        Task(
            work=Work.MAINTENANCE,
            lane=Lane.UPKEEP,
            payload=payload,
            name="/".join(("upkeep", *ids, cause)),
            not_before=not_before,
        )
    )
