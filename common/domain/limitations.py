"""Says what a provider cannot do, so that nobody is promised it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from common.domain.account import ProviderKind


class Limitation(StrEnum):
    """One thing that this provider's calendars cannot do; the words are part of the API.

    Attributes:
        GUESTS_ARE_ALWAYS_MAILED: Whoever is a guest is told of every change, so customers become guests only
            where notifications are wanted; elsewhere the event's text names them.
        NO_ACCEPTING_FOR_GUESTS: Only a guest can accept.
        INVITED_EVENTS_STAY: An event with a guest stays in its calendar when another target is chosen, and
            is left there by a disconnection: taken away, it would tell its guest of a cancellation.
        DELETED_OCCURRENCES_SEEN_LATE: A single deleted date of a series is seen within a day, or by a live
            question at once.
        GRANT_ENDED_BY_OWNER: Disconnecting forgets the grant, but only its owner can end it at the provider.
    """

    GUESTS_ARE_ALWAYS_MAILED = "guests_are_always_mailed"
    NO_ACCEPTING_FOR_GUESTS = "no_accepting_for_guests"
    INVITED_EVENTS_STAY = "invited_events_stay"
    DELETED_OCCURRENCES_SEEN_LATE = "deleted_occurrences_seen_late"
    GRANT_ENDED_BY_OWNER = "grant_ended_by_owner"


# https://learn.microsoft.com/graph/api/user-post-events (invitations can't be configured)
LIMITATIONS: Mapping[ProviderKind, tuple[Limitation, ...]] = {
    ProviderKind.GOOGLE: (),
    ProviderKind.MICROSOFT: tuple(Limitation),
}
