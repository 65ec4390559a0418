"""What the parts of the contract write, ask and expect."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from common.domain.calendar.event import ExternalEvent, Upsert, own_event_id
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import EventDraft, EventRef
from common.ports.provider import ChannelRequest
from tests.contract.provider.world import NOW, ZONE, ProviderWorld

HOUR = timedelta(hours=1)
TOMORROW = NOW + timedelta(days=1)
PLACE = ZoneInfo(ZONE)
OWN = own_event_id(bytes(range(32)))
SECRET = "Consultation with Dr. Canary"


def draft(**changes: object) -> EventDraft:
    made = EventDraft(
        event_id="0123456789abcdefghijklmnopqrstuv",
        booking="b1",
        epoch=1,
        interval=Interval(TOMORROW, TOMORROW + HOUR),
        zone=ZONE,
        title="Haircut: Ada",
        description="Ada\n+41 00",
    )
    return replace(made, **changes)


def created(world: ProviderWorld, wanted: EventDraft) -> EventRef:
    made = world.provider.create_event(world.token, world.calendar, wanted)

    assert isinstance(made, EventRef)
    return made


def retitled(world: ProviderWorld, event_id: str) -> object:
    wanted = draft(attendee=("ada@example.org", "Ada"), title="Other")
    return world.provider.update_event(
        world.token, world.calendar, event_id, wanted, changed=frozenset({"title"}), etag=None
    )


def deleted(world: ProviderWorld, event_id: str) -> None:
    world.provider.delete_event(world.token, world.calendar, event_id, notify=False)


def wish(name: str) -> ChannelRequest:
    return ChannelRequest(
        id=name,
        address="https://hooks.example.org/push",
        token="t:c:k:n:sig",
        created_at=NOW,
        expires_at=NOW + timedelta(days=30),
    )


def upserts(changes: tuple[object, ...]) -> list[ExternalEvent]:
    return [change.event for change in changes if isinstance(change, Upsert)]
