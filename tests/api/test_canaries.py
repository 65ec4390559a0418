"""What is private in an external event is nowhere that its mode forbids: store, logs, mails, answers."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import ProviderKind
from tests.api.canaries import Life, found
from tests.api.canary_events import BIRDS, KEPT, KINDS, bird

BOTH = pytest.mark.parametrize("provider", list(ProviderKind), ids=str)
EVENTS = "answer: staff.t1.anna GET /connections/{}/events 200"
OVERVIEW, SUPPORT = "answer: staff.t1.anna GET /overview 200", "answer: support.t1.- GET /overview 200"
EXPORT = "answer: owner.t1.- POST /tenant/export 200"


def wide(life: Life) -> set[str]:
    """Where copies may be in the full mode: in the store, for staff, and in the owner's export."""
    return {"store", EXPORT, OVERVIEW, EVENTS.format(life.connection)}


@BOTH
@pytest.mark.pitfall(25)
def test_a_life_leaves_mails_hooks_tasks_answers_and_errors(provider: ProviderKind) -> None:
    """Pitfall 25: the search has something to search: every flow ran, refusals too, and nothing crashed."""
    with Life(provider, "full", "full").lived() as life:
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
def test_time_only_leaves_no_word_anywhere(provider: ProviderKind, private: str, *, followed: bool) -> None:
    """Pitfall 25: no field of any event, in no document, line, task, mail, webhook, answer or error."""
    with Life(provider, "times", private, followed=followed).lived() as life:
        assert set() == found(life)


@BOTH
@pytest.mark.pitfall(25)
def test_the_full_mode_keeps_title_and_text_for_staff_alone(provider: ProviderKind) -> None:
    """Pitfall 25: nothing else of an event is kept, and what is kept is shown to staff and the owner only."""
    with Life(provider, "full", "full").lived() as life:
        allowed = {(place, bird(kind, word)) for place in wide(life) for kind in KINDS for word in KEPT}
        # Under the owner's grant support sees titles, and no descriptions.
        allowed |= {(SUPPORT, bird(kind, "title")) for kind in KINDS}

        assert found(life) <= allowed
        assert ("store", bird("open", "title")) in found(life)
        assert (EVENTS.format(life.connection), bird("open", "title")) in found(life)


@BOTH
@pytest.mark.pitfall(25)
@pytest.mark.parametrize("private", ["times", "none"])
def test_private_events_keep_their_words_in_the_full_mode(provider: ProviderKind, private: str) -> None:
    """Pitfall 25: of a private event nothing is written or said, however much is of the others."""
    hush = tuple(name for name in BIRDS if "-hush-" in name)
    with Life(provider, "full", private).lived() as life:
        assert set() == found(life, hush)
        assert ("store", bird("open", "title")) in found(life)


@BOTH
@pytest.mark.pitfall(25)
def test_live_titles_are_in_the_view_and_nowhere_else(provider: ProviderKind) -> None:
    """Pitfall 25: with the switch on, the overview's answer shows titles; they are kept and said nowhere."""
    with Life(provider, "times", "times", show=True).lived() as life:
        singing = found(life)

        assert {place for place, _ in singing} <= {OVERVIEW, SUPPORT}
        assert (OVERVIEW, bird("open", "title")) in singing
        assert {bird("open", "title")} == {name for _, name in singing}


@BOTH
@pytest.mark.pitfall(25)
def test_nothing_foreign_outlives_the_connection(provider: ProviderKind) -> None:
    """Pitfall 25: after disconnecting, and after erasing, the full mode's copies are gone."""
    with Life(provider, "full", "full").lived() as life:
        after = {place for place, _ in found(life) if place.startswith("store after")}

        assert {"store", "store after disconnecting", "store after erasing"} <= set(life.said)
        assert set() == after
