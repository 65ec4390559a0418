"""The store's lists, page by page: each reads no more than it hands out and one item."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from common.domain.account import Connection
    from common.domain.booking import Booking
    from common.domain.catalogue import Absence, Resource, Service
    from common.domain.erasure import Erasure
    from common.domain.hooks import Delivery, Hook
    from common.domain.invitation import Invitation
    from common.domain.listing import Page, Window
    from common.domain.support import AuditEntry, SupportGrant
    from common.domain.work import DeadLetter, Notice


class Lists(Protocol):
    """A tenant's records in a stable order: by id, or newest first and then by id.

    Every method raises InvalidRequest where the window's place is none.
    """

    def resources(self, tenant: str, window: Window) -> Page[Resource]:
        """By id."""

    def services(self, tenant: str, window: Window) -> Page[Service]:
        """By id; they are everybody's."""

    def absences(self, tenant: str, resource: str, window: Window) -> Page[Absence]:
        """Those of one resource, by id."""

    def bookings(self, tenant: str, window: Window) -> Page[Booking]:
        """Whatever became of them, by id."""

    def proposals(self, tenant: str, window: Window, *, now: datetime) -> Page[Booking]:
        """Bookings with something to be decided, those first that lapse first."""

    def connections(self, tenant: str, window: Window) -> Page[Connection]:
        """By id, disconnected ones included."""

    def invitations(self, tenant: str, window: Window) -> Page[Invitation]:
        """Newest first."""

    def hooks(self, tenant: str, window: Window) -> Page[Hook]:
        """By id."""

    def deliveries(self, tenant: str, hook: str, window: Window) -> Page[Delivery]:
        """The messages to one target, newest first."""

    def notices(self, tenant: str, window: Window) -> Page[Notice]:
        """Newest first."""

    def dead_letters(self, tenant: str, window: Window) -> Page[DeadLetter]:
        """Newest first."""

    def grants(self, tenant: str, window: Window) -> Page[SupportGrant]:
        """What support was allowed, newest first."""

    def erasures(self, tenant: str, window: Window) -> Page[Erasure]:
        """Newest first."""

    def audit(self, tenant: str, window: Window) -> Page[AuditEntry]:
        """Newest first."""
