"""What one instance remembers between two questions: little, not for long, and nobody else's."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

from common.domain.slots.engine import UnknownCalendar
from common.flows.slots.live_calendars import (
    MOST_KEPT,
    REUSE,
    CalendarAnswers,
    LiveAnswer,
    LiveQuestion,
    SingleFlight,
)
from common.ports.machine import MOST_TOKENS, Tokens
from common.store.slots.slot_snapshot import LONGEST_SECONDS, MOST_REMEMBERED, SettingsCache, SlotSettings

NOW = datetime(2027, 3, 15, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PROVIDER = object()


class Calls:
    """Counts the calls to a provider; each is answered at once."""

    def __init__(self, answer: LiveAnswer | UnknownCalendar | None = None) -> None:
        self.count = 0
        self.answer = answer or LiveAnswer((), NOW)

    def __call__(self) -> Future[CalendarAnswers]:
        self.count += 1
        future: Future[CalendarAnswers] = Future()
        future.set_result({"c/k": self.answer})
        return future


def question(**other) -> LiveQuestion:
    asked = {
        "provider": PROVIDER,
        "connection": ("t", "c"),
        "calendars": ("k",),
        "window": (NOW, NOW + SECOND),
    }
    return LiveQuestion(**{**asked, **other})


def test_an_answer_serves_for_five_seconds_and_not_a_moment_longer() -> None:
    """Nobody is shown what is older; a clock that was set back starts anew."""
    for later, count in ((0, 1), (5, 1), (5.001, 2), (-1, 2)):
        single_flight, calls = SingleFlight(), Calls()
        single_flight.share(question(), now=NOW, start=calls)
        single_flight.share(question(), now=NOW + later * SECOND, start=calls)

        assert calls.count == count
    assert REUSE == 5 * SECOND


def test_questions_that_differ_in_anything_never_share_an_answer() -> None:
    """Not another tenant's connection of the same name, nor other calendars, windows, adapters or agendas."""
    single_flight, calls = SingleFlight(), Calls()
    others = (
        question(),
        question(connection=("other", "c")),
        question(connection=("t", "other")),
        question(calendars=("k", "l")),
        question(window=(NOW, NOW + 2 * SECOND)),
        question(provider=object()),
        question(known="2"),
    )
    for one in others:
        single_flight.share(one, now=NOW, start=calls)

    assert calls.count == len(others)


def test_an_unanswered_question_is_asked_again_at_once() -> None:
    """Unknown is no answer that could be shared."""
    single_flight, calls = SingleFlight(), Calls(UnknownCalendar("timeout"))
    single_flight.share(question(), now=NOW, start=calls)
    single_flight.share(question(), now=NOW, start=calls)

    assert calls.count == 2


def test_only_so_many_answers_are_kept() -> None:
    """The oldest goes: a crowd of different questions does not fill the memory."""
    single_flight, calls = SingleFlight(), Calls()
    for number in range(MOST_KEPT + 1):
        single_flight.share(question(calendars=(str(number),)), now=NOW, start=calls)
    began = calls.count
    single_flight.share(question(calendars=(str(MOST_KEPT),)), now=NOW, start=calls)
    kept = calls.count
    single_flight.share(question(calendars=("0",)), now=NOW, start=calls)

    assert (began, kept, calls.count) == (MOST_KEPT + 1, MOST_KEPT + 1, MOST_KEPT + 2)


def settings(name: str) -> SlotSettings:
    return SlotSettings((name, name), None, None, {}, {})  # type: ignore[arg-type]


def test_remembered_settings_are_bounded_in_number_and_in_age() -> None:
    """Whoever changes documents by hand is heard within a minute."""
    clock = [0.0]
    remembered = SettingsCache(lambda: clock[0])
    for number in range(MOST_REMEMBERED + 1):
        remembered.keep(("t", "s", (str(number),)), settings(str(number)))

    assert remembered.recall(("t", "s", ("0",))) is None
    assert remembered.recall(("t", "s", ("1",))) == settings("1")
    clock[0] = LONGEST_SECONDS + 0.1
    assert remembered.recall(("t", "s", ("1",))) is None


def test_tokens_are_bounded_in_number_and_in_age_and_never_shown() -> None:
    """A token is used while it is good, for just this version of its connection, and is in no text."""
    tokens = Tokens()
    key = ("t", "c", "1")
    tokens.keep(key, "secret", until=NOW + SECOND)

    assert tokens.recall(key, now=NOW) == "secret"
    assert tokens.recall(key, now=NOW + SECOND) is None
    assert tokens.recall(("t", "c", "2"), now=NOW) is None
    assert tokens.recall(("u", "c", "1"), now=NOW) is None
    assert "secret" not in repr(tokens)
    tokens.drop(key)
    assert tokens.recall(key, now=NOW) is None
    for number in range(MOST_TOKENS + 1):
        tokens.keep(("t", str(number), "1"), "secret", until=NOW + SECOND)
    assert tokens.recall(("t", "0", "1"), now=NOW) is None
    assert tokens.recall(("t", "1", "1"), now=NOW) == "secret"
