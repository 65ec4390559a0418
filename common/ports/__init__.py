"""What a flow may touch: small protocols, each call one exchange, and the frozen bundle of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.ports.accounts import Connections, Feeds
from common.ports.bookings import Amended, BookingChange, Bookings, Joined
from common.ports.catalogue import Catalogue, Scene
from common.ports.ledger import Ledger, TaskQueue
from common.ports.lists import Lists
from common.ports.machine import Clock, Keys, Log, Tuning, Vault
from common.ports.memory import Tokens
from common.ports.outreach import Answer, Courier, Hooks, Invitations, Mailer, Telling
from common.ports.privacy import Archive, Oversight, Subscriptions
from common.ports.provider import (
    Abilities,
    Authorizer,
    BusyPage,
    BusyRequest,
    CalendarProvider,
    ChannelRequest,
    ConsentRequest,
    Provider,
)
from common.ports.staff import Issuers, Witness

if TYPE_CHECKING:
    from common.domain.account import ProviderKind

__all__ = [
    "Abilities",
    "Amended",
    "Answer",
    "Archive",
    "Authorizer",
    "BookingChange",
    "Bookings",
    "BusyPage",
    "BusyRequest",
    "CalendarProvider",
    "Catalogue",
    "ChannelRequest",
    "Clock",
    "Connections",
    "ConsentRequest",
    "Courier",
    "Feeds",
    "Hooks",
    "Invitations",
    "Issuers",
    "Joined",
    "Keys",
    "Ledger",
    "Lists",
    "Log",
    "Mailer",
    "Oversight",
    "Ports",
    "Provider",
    "Scene",
    "Subscriptions",
    "TaskQueue",
    "Telling",
    "Tokens",
    "Tuning",
    "Vault",
    "Witness",
]


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside, as one value."""

    clock: Clock
    keys: Keys
    vault: Vault
    providers: Mapping[ProviderKind, Provider]
    catalogue: Catalogue
    connections: Connections
    feeds: Feeds
    bookings: Bookings
    ledger: Ledger
    invitations: Invitations
    telling: Telling
    mailer: Mailer
    hooks: Hooks
    courier: Courier
    oversight: Oversight
    subscriptions: Subscriptions
    archive: Archive
    issuers: Issuers
    witness: Witness
    lists: Lists
    queue: TaskQueue
    log: Log
    tuning: Tuning = field(default_factory=Tuning)
    tokens: Tokens = field(default_factory=Tokens)
