"""Tries facts one after the other in calendars that the probe makes, and removes these whatever happens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

import requests

from scripts.probe.fact import Fact, Need, NotTried
from scripts.probe.web import CallsUsedUp

# Requests that are kept for the end, when the calendars are removed.
FOR_THE_END: Final = 40
# Something is missing in an answer, or has not the form that it is documented to have.
OTHER_FORM: Final = "an answer of another form"
_WORD = re.compile(r"[@A-Za-z][A-Za-z_./:;,-]{0,59}|[-+]?\d{1,8}[,;:]?")


class Verdict(StrEnum):
    """What became of one fact."""

    AS_THE_DOUBLE = "as the double"
    DIFFERENT = "different"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact with what was seen: statuses, reasons, names of keys and words of the probe's own."""

    fact: Fact[Any]
    verdict: Verdict
    seen: str = ""
    why: str = ""

    @property
    def meaning(self) -> str:
        """What is known of the observation, if it is one that others had too."""
        return self.fact.others.get(self.seen, "")


class ProbedAccount(Protocol):
    """An account in which facts are tried."""

    @property
    def has(self) -> frozenset[Need]:
        """What the operator gave beside the account."""

    def begin(self) -> None:
        """Make the calendars that everything happens in."""

    def end(self) -> None:
        """Remove everything that was made."""


def try_facts(
    account: ProbedAccount, facts: Iterable[Fact[Any]], *, tell: Callable[[Finding], None]
) -> list[Finding]:
    """Try the facts and return a finding for each; the account is left as it was found.

    Each finding is told as soon as it is there. An interruption ends the run after the cleaning up.
    """
    findings: list[Finding] = []
    try:
        account.begin()
        for finding in _findings(account, facts):
            findings.append(finding)
            tell(finding)
    finally:
        account.end()
    return findings


def _findings(account: ProbedAccount, facts: Iterable[Fact[Any]]) -> Iterator[Finding]:
    for fact in facts:
        missing = [need for need in fact.needs if need not in account.has]
        if missing:
            yield Finding(fact, Verdict.NOT_TRIED, why=f"needs {missing[0]}")
        else:
            yield _tried(account, fact)


def _tried(account: ProbedAccount, fact: Fact[Any]) -> Finding:
    try:
        return _judged(fact, fact.look(account))
    except NotTried as reason:
        return Finding(fact, Verdict.NOT_TRIED, why=str(reason))
    except CallsUsedUp:
        return Finding(fact, Verdict.NOT_TRIED, why="the run's requests are used up")
    except requests.RequestException as error:
        return Finding(fact, Verdict.NOT_TRIED, why=f"no answer ({type(error).__name__})")
    except (StopIteration, LookupError, TypeError, ValueError, AttributeError):
        # The errors' own texts may be private.
        return Finding(fact, Verdict.DIFFERENT, seen=OTHER_FORM)


def _judged(fact: Fact[Any], seen: str) -> Finding:
    shown = harmless(seen)
    verdict = Verdict.AS_THE_DOUBLE if shown == fact.double else Verdict.DIFFERENT
    return Finding(fact, verdict, seen=shown)


def harmless(seen: str) -> str:
    """What was seen, with every word replaced that might be an id, an address or a token."""
    return " ".join(word if _WORD.fullmatch(word) else "(hidden)" for word in seen.split())


def counted(findings: Iterable[Finding]) -> Mapping[str, int]:
    """How many findings there are of each verdict."""
    found = [finding.verdict for finding in findings]
    return {verdict.value: found.count(verdict) for verdict in Verdict}
