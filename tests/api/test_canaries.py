"""No private word of an external event is stored or sent where the import mode forbids it."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import ProviderKind
from tests.api.canaries import ConnectionLife, canaries_by_place
from tests.api.canary_events import BIRDS, KEPT, KINDS, canary_of

BOTH = pytest.mark.parametrize("provider", list(ProviderKind), ids=str)
EVENTS = "answer: staff.t1.anna GET /connections/{}/events 200"
OVERVIEW, SUPPORT = "answer: staff.t1.anna GET /overview 200", "answer: support.t1.- GET /overview 200"
EXPORT = "answer: owner.t1.- POST /tenant/export 200"


def places_of_full_mode(life: ConnectionLife) -> set[str]:
    """The places that may hold copies in the full mode: the store, staff's answers, the owner's export."""
    return {"store", EXPORT, OVERVIEW, EVENTS.format(life.connection)}


@BOTH
@pytest.mark.pitfall(25)
def test_the_searched_output_covers_every_flow(provider: ProviderKind) -> None:
    """Pitfall 25: mails, webhooks, tasks, answers and errors were all produced, and nothing crashed."""
    with ConnectionLife(provider, "full", "full").run() as life:
        answers = [name for name in life.said if name.startswith("answer")]
        statuses = {name.rsplit(" ", 1)[1] for name in answers}

        assert statuses >= {"200", "201", "202", "303", "400", "403", "404", "409"}
        assert not {"500"} & statuses
        assert all(life.said[place] for place in ("log", "tasks", "mails", "hooks", "store"))
        assert "zoe@example.com" in life.said["mails"]
        assert len(answers) > 25


@BOTH
@pytest.mark.pitfall(25)
@pytest.mark.parametrize(
    ("private", "followed"), [("times", True), ("none", True), ("times", False)], ids=["times", "none", "off"]
)
def test_the_times_only_mode_keeps_no_word_of_an_event(
    provider: ProviderKind, private: str, *, followed: bool
) -> None:
    """Pitfall 25: no field of any event, in no document, log line, task, mail, webhook, answer or error."""
    with ConnectionLife(provider, "times", private, followed=followed).run() as life:
        assert set() == canaries_by_place(life)


@BOTH
@pytest.mark.pitfall(25)
def test_the_full_mode_shows_title_and_description_to_staff_only(provider: ProviderKind) -> None:
    """Pitfall 25: nothing else of an event is stored, and only staff and the owner can read it."""
    with ConnectionLife(provider, "full", "full").run() as life:
        allowed = {
            (place, canary_of(kind, word))
            for place in places_of_full_mode(life)
            for kind in KINDS
            for word in KEPT
        }
        # Under the owner's grant support sees titles, and no descriptions.
        allowed |= {(SUPPORT, canary_of(kind, "title")) for kind in KINDS}

        assert canaries_by_place(life) <= allowed
        assert ("store", canary_of("open", "title")) in canaries_by_place(life)
        assert (EVENTS.format(life.connection), canary_of("open", "title")) in canaries_by_place(life)


@BOTH
@pytest.mark.pitfall(25)
@pytest.mark.parametrize("private", ["times", "none"])
def test_no_word_of_a_private_event_is_stored_in_the_full_mode(provider: ProviderKind, private: str) -> None:
    """Pitfall 25: nothing of a private event is stored or sent, whatever is stored of the others."""
    hush = tuple(name for name in BIRDS if "-hush-" in name)
    with ConnectionLife(provider, "full", private).run() as life:
        assert set() == canaries_by_place(life, hush)
        assert ("store", canary_of("open", "title")) in canaries_by_place(life)


@BOTH
@pytest.mark.pitfall(25)
def test_live_titles_appear_in_the_overview_only(provider: ProviderKind) -> None:
    """Pitfall 25: with the setting on, the overview's answer shows titles; they are not stored or sent."""
    with ConnectionLife(provider, "times", "times", show=True).run() as life:
        singing = canaries_by_place(life)

        assert {place for place, _ in singing} <= {OVERVIEW, SUPPORT}
        assert (OVERVIEW, canary_of("open", "title")) in singing
        assert {canary_of("open", "title")} == {name for _, name in singing}


@BOTH
@pytest.mark.pitfall(25)
def test_disconnecting_or_erasing_removes_all_copies_of_events(provider: ProviderKind) -> None:
    """Pitfall 25: after disconnecting, and after erasing, the copies of the full mode are gone."""
    with ConnectionLife(provider, "full", "full").run() as life:
        after = {place for place, _ in canaries_by_place(life) if place.startswith("store after")}

        assert {"store", "store after disconnecting", "store after erasing"} <= set(life.said)
        assert set() == after
