"""Group sessions and holds compared with a simple check, and with the reasons for refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.domain.booking.cells import claimed_time
from common.domain.booking.fair_choice import in_fair_order
from common.domain.booking.sessions import bookable_starts, refusal_reasons, without_expired_holds
from common.domain.calendar.interval import Interval
from common.domain.slots.agenda import Agenda, HeldSeats, Session
from common.domain.slots.engine import Availability
from tests.flows.setups.group_setup import yoga
from tests.property.slot_cases import EXAMPLES, MINUTE, cases, every_moment, oracle

CELL = 5 * MINUTE
MONDAY = datetime(2027, 3, 22, tzinfo=UTC)
SERVICE = yoga()
ENDS = st.sampled_from((-1, 0, 1, 600))


@st.composite
def agendas(draw):
    """A question, its availability, and an agenda of bookings, holds and sessions that do not overlap."""
    question, availability = draw(cases())
    service = question.service
    object.__setattr__(service, "capacity", draw(st.integers(1, 3)))
    base = question.window.start - (question.window.start - datetime(1970, 1, 1, tzinfo=UTC)) % CELL
    bookings, holds, sessions = {}, {}, {}
    for number in range(draw(st.integers(0, 5))):
        start = base + draw(st.integers(-40, 200)) * CELL
        kind = draw(st.sampled_from(("booking", "hold", "session", "session", "other")))
        longer = draw(st.sampled_from((0, 0, 0, 1))) * CELL
        span = claimed_time(start, service).pad(timedelta(), longer)
        if any(span.overlaps(other) for other in bookings.values()):
            continue
        name = f"{kind}-{number}"
        bookings[name] = span
        if kind == "hold":
            holds[name] = question.now + draw(ENDS) * timedelta(seconds=1)
        if kind in {"session", "other"}:
            held = draw(
                st.dictionaries(
                    st.sampled_from([f"{name}-a", f"{name}-b"]),
                    st.builds(HeldSeats, st.integers(1, 2), hold_ends(question)),
                )
            )
            booked = draw(st.integers(0 if held else 1, service.capacity))
            sessions[name] = Session(service.id if kind == "session" else "another", start, booked, held)
    return question, availability, Agenda(bookings=bookings, holds=holds, sessions=sessions)


def hold_ends(question):
    """When holds end, shortly before or after the present."""
    return ENDS.map(lambda number: question.now + number * timedelta(seconds=1))


def blocks(agenda, now):
    """What takes time, by definition: id, range and, for a session, the taken seats."""
    for name, span in agenda.bookings.items():
        if name in agenda.holds and agenda.holds[name] <= now:
            continue
        session = agenda.sessions.get(name)
        taken = session and session.booked + sum(
            item.seats for item in session.holds.values() if item.until > now
        )
        if session is None or taken:
            yield name, span, taken


def possible(question, availability, others, at):
    """Whether a session at ``at`` overlaps nothing but itself, whatever hours and grid are."""
    service, now = question.service, question.now
    padded = Interval(at - service.buffer_before, at + service.duration + service.buffer_after)
    taken = [*others, *(item.interval for item in availability.absences)]
    taken += [item for state in availability.calendars.values() for item in state.busy]
    soon = now + service.notice <= at <= now + service.horizon and at in Instants(question.window)
    return soon and not any(item.overlaps(padded) for item in taken)


class Instants:
    """The instants of a range."""

    def __init__(self, span):
        self.span = span

    def __contains__(self, at):
        return self.span.start <= at < self.span.end


def expected(question, availability, agenda, seats):
    """The starts that should be offered, each with its free seats."""
    found, service = {}, question.service
    if seats > service.capacity:
        return found
    there = list(blocks(agenda, question.now))
    spans = tuple(span for _, span, _ in there)
    whole = Availability(spans, availability.absences, availability.calendars)
    found = dict.fromkeys(oracle(question, whole), service.capacity)
    for name, span, taken in there:
        session = agenda.sessions.get(name)
        mine = session and session.service == service.id and span == claimed_time(session.start, service)
        others = [other for key, other, _ in there if key != name]
        if (
            mine
            and service.capacity - taken >= seats
            and possible(question, availability, others, session.start)
        ):
            found[session.start] = service.capacity - taken
    return found


@pytest.mark.pitfall(23)
@given(agendas(), st.integers(1, 3))
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_the_offered_starts_and_seats_follow_the_definition(case, seats):
    """Pitfall 23: with full and open sessions, current and ended holds, for one guest and for parties."""
    question, availability, agenda = case
    alive = without_expired_holds(agenda, question.now)
    view = Availability(tuple(alive.bookings.values()), availability.absences, availability.calendars)
    found = bookable_starts(question, view, alive, seats=seats)

    assert found == expected(question, availability, agenda, seats)


@pytest.mark.pitfall(23)
@given(agendas(), st.integers(1, 3))
@settings(max_examples=EXAMPLES // 4, deadline=None)
def test_a_time_is_offered_exactly_when_it_has_no_reason_for_refusal(case, seats):
    """Pitfall 23, F8: reasons, list and booking agree, with sessions and holds as well."""
    question, availability, agenda = case
    alive = without_expired_holds(agenda, question.now)
    view = Availability(tuple(alive.bookings.values()), availability.absences, availability.calendars)
    listed = set(bookable_starts(question, view, alive, seats=seats))
    moments = {*every_moment(question), *(session.start for session in agenda.sessions.values())}

    assert listed <= moments
    for moment in moments:
        found = refusal_reasons(question, view, alive, moment, seats=seats)
        assert (moment in listed) == (found == ()), (moment, found)


@given(agendas())
@settings(max_examples=EXAMPLES // 4, deadline=None)
def test_every_reason_names_its_range_and_source(case):
    """F8: except where the service is inactive or not offered."""
    question, availability, agenda = case
    alive = without_expired_holds(agenda, question.now)
    view = Availability(tuple(alive.bookings.values()), availability.absences, availability.calendars)
    for moment in every_moment(question):
        for reason in refusal_reasons(question, view, alive, moment):
            assert reason.interval or reason.code in {"inactive", "not_offered"}, reason
            if reason.code in {"booking", "buffer", "hold", "capacity", "absence", "external_busy"}:
                assert reason.source, reason


@given(st.integers(2, 5), st.integers(1, 40), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_bookings_are_distributed_evenly(size, count, data):
    """F1: resources that are always free differ by one appointment a week at most."""
    people = [Person(f"p{number}") for number in range(size)]
    diaries = {person.id: Agenda() for person in people}
    for number in range(count):
        at, lot = MONDAY + number * timedelta(hours=3), data.draw(st.text(max_size=3))
        order = in_fair_order(people, diaries, service=SERVICE, at=at, seed=lot)
        assert order == in_fair_order(people[::-1], diaries, service=SERVICE, at=at, seed=lot)
        assert set(order) == set(people)
        first = diaries[order[0].id]
        span = Interval(at, at + timedelta(hours=1))
        diaries[order[0].id] = Agenda({**first.bookings, f"b{number}": span}, assigned_at=at)
    loads = [len(diary.bookings) for diary in diaries.values()]
    assert max(loads) - min(loads) <= 1


@dataclass(frozen=True)
class Person:
    """A resource that may be free."""

    id: str
