"""Facts about $batch and the limits on one mailbox."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from scripts.probe.fact import Facts
from scripts.probe.microsoft.account import MicrosoftAccount, part_said, parts
from scripts.probe.web import Answer, Json

FACTS = Facts()
MOST: Final = 20
# Two batches that are sent at once need not meet.
ROUNDS: Final = 8


def _views(at: MicrosoftAccount, count: int) -> list[Json]:
    url = f"/me/calendars/{at.calendar}/calendarView?{at.window()}"
    return [{"id": str(number), "method": "GET", "url": url} for number in range(count)]


def _batch(at: MicrosoftAccount, requests: list[Json]) -> Answer:
    return at.call("POST", "$batch", {"requests": requests}, immutable=False, patient=False)


def _together(answers: list[Answer]) -> str:
    """The different answers within batches, each with what it says."""
    outside = [each.said for each in answers if not each.good]
    inside = [part_said(part) for each in answers if each.good for part in parts(each).values()]
    return ", ".join(sorted({*outside, *inside}))


@FACTS.fact(
    "M118", "a batch of 21 requests", double="400 MaximumValueExceeded", others={"400 BadRequest": "refused"}
)
def too_many(at: MicrosoftAccount) -> str:
    """Send one more than allowed."""
    return _batch(at, _views(at, MOST + 1)).said


@FACTS.fact(
    "M113",
    "one batch of 20 views of one mailbox: the answers in it",
    double="200",
    others={"200, 429 ApplicationThrottled": "more than four at once"},
)
def one_batch(at: MicrosoftAccount) -> str:
    """Send twenty views in one batch."""
    return _together([_batch(at, _views(at, MOST))])


@FACTS.fact(
    "M112",
    "two batches of 20 views at once on one mailbox: the answers in them",
    double="200, 429 ApplicationThrottled",
    others={"200": "two batches at a time are allowed"},
)
def two_batches(at: MicrosoftAccount) -> str:
    """Send two batches side by side, again until they met, as far as one can tell."""
    seen: set[str] = set()
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(2) as pool:
            answers = pool.map(lambda _: _batch(at, _views(at, MOST)), range(2))
            seen |= set(_together(list(answers)).split(", "))
        if len(seen) > 1:
            break
    return ", ".join(sorted(seen))


@FACTS.fact("M112-chained", "the same with the requests of each chained by dependsOn", double="200")
def two_chained_batches(at: MicrosoftAccount) -> str:
    """Send two batches side by side whose requests follow one another."""
    chained = _views(at, MOST)
    for number, each in enumerate(chained[1:]):
        each["dependsOn"] = [str(number)]
    with ThreadPoolExecutor(2) as pool:
        return _together(list(pool.map(lambda _: _batch(at, chained), range(2))))


@FACTS.fact(
    "M117",
    "a batch with a request that fails: outside, and inside",
    double="200; 200, 404 ErrorItemNotFound",
    others={"200; 200, 400 ErrorInvalidIdMalformed": "another refusal"},
)
def failure_inside(at: MicrosoftAccount) -> str:
    """Ask for a view, and for an event that was deleted."""
    event = at.made("M117")
    at.delete(event["id"])
    wrong = {"id": "wrong", "method": "GET", "url": f"/me/events/{event['id']}"}
    answer = _batch(at, [*_views(at, 1), wrong])
    return f"{answer.said}; {_together([answer])}"


@FACTS.fact(
    "M117-depends", "a request of a batch that depends on one that fails", double="424 FailedDependency"
)
def failed_dependency(at: MicrosoftAccount) -> str:
    """Let a view depend on a request for nothing."""
    wrong = {"id": "wrong", "method": "GET", "url": "/me/events/slotbridge-probe"}
    answer = _batch(at, [wrong, _views(at, 1)[0] | {"dependsOn": ["wrong"]}])
    return part_said(parts(answer)["0"])
