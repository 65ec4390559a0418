"""The stored records behind one slot question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from common.domain.calendar.connection import Connection
    from common.domain.catalogue.records import Resource, Service, Tenant
    from common.domain.slots.agenda import Agenda


@dataclass(frozen=True, slots=True)
class SlotSnapshot:
    """Everything that one slot question needs of the store, as it was at one moment.

    ``resources``, ``agendas`` and ``connections`` are by resource id.
    """

    tenant: Tenant
    service: Service
    resources: Mapping[str, Resource]
    agendas: Mapping[str, Agenda]
    connections: Mapping[str, tuple[Connection, ...]]
