"""The limitations that the API names for each provider."""

from __future__ import annotations

from common.domain.calendar.connection import LIMITATIONS, Limitation, ProviderKind
from tests.world import World


def test_the_limitations_in_the_api_are_those_of_the_providers():
    """What a provider's client declares and what the API says agree."""
    providers = World().ports.providers

    for kind, said in LIMITATIONS.items():
        abilities = providers[kind].calendar.abilities
        assert abilities.silent_guests is (Limitation.GUESTS_ARE_ALWAYS_MAILED not in said)
        assert abilities.silent_guests is (Limitation.INVITED_EVENTS_STAY not in said)
        assert abilities.accepts_for_guests is (Limitation.NO_ACCEPTING_FOR_GUESTS not in said)
        assert (abilities.relist_every is None) is (Limitation.DELETED_OCCURRENCES_SEEN_LATE not in said)


def test_every_provider_has_a_list_of_limitations():
    """It is empty where there are none."""
    assert set(ProviderKind) == set(LIMITATIONS)
