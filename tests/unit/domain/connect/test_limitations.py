from __future__ import annotations

from common.domain.calendar.connection import ProviderKind
from common.domain.connect.settings_change import LIMITATIONS, Limitation
from tests.world import World


def test_what_is_said_is_what_the_adapters_can_do():
    """Each adapter's abilities and the words of the API say the same."""
    providers = World().ports.providers

    for kind, said in LIMITATIONS.items():
        abilities = providers[kind].calendar.abilities
        assert abilities.silent_guests is (Limitation.GUESTS_ARE_ALWAYS_MAILED not in said)
        assert abilities.silent_guests is (Limitation.INVITED_EVENTS_STAY not in said)
        assert abilities.accepts_for_guests is (Limitation.NO_ACCEPTING_FOR_GUESTS not in said)
        assert (abilities.relist_every is None) is (Limitation.DELETED_OCCURRENCES_SEEN_LATE not in said)


def test_every_provider_has_its_words():
    """A provider without limits says so, too."""
    assert set(ProviderKind) == set(LIMITATIONS)
