"""What Google alone does with writes: it says "forbidden" of events that a person deleted."""

from collections.abc import Iterator

import pytest

from common.domain.calendar.event import Gone
from common.domain.export.exported_event import Changed, EventRef
from common.errors import Forbidden
from tests.contract.provider.google_world import GoogleWorld
from tests.contract.provider.suite_setup import created, draft


@pytest.fixture
def world() -> Iterator[GoogleWorld]:
    made = GoogleWorld()
    yield made
    made.close()


def new_title(world: GoogleWorld, event_id: str) -> EventRef | Gone | Changed:
    return world.provider.update_event(
        world.token, world.calendar, event_id, draft(), changed=frozenset({"title"}), etag=None
    )


def test_what_a_person_deleted_is_gone(world: GoogleWorld) -> None:
    """Google only says that a change of it is forbidden; the event itself tells that it was deleted."""
    made = created(world, draft())
    world.delete(made.id)

    assert Gone(made.id, deleted=True) == new_title(world, made.id)


def test_a_change_may_be_forbidden_of_an_event_that_is_there(world: GoogleWorld) -> None:
    """Then it is no deletion."""
    made = created(world, draft())
    world.simulator.add_fault("status", method="events.patch", status=403, reason="forbidden")

    with pytest.raises(Forbidden):
        new_title(world, made.id)
