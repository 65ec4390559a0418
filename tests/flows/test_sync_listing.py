from tests.flows.sync_setup import Synced, at


def test_the_first_listing_imports_what_is_there():
    """Events that were there before the connection block time after the first listing."""
    world = Synced(
        prepare=lambda world: world.google.owner.put_event(
            "anna@example.com",
            {
                "summary": "x",
                "start": {"dateTime": at(9).isoformat()},
                "end": {"dateTime": at(10).isoformat()},
            },
        )
    )

    assert not world.errors
    assert [at(9)] == world.busy()
