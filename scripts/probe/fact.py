"""A fact about a provider that can be tried: what is done, and what its double answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

Account = TypeVar("Account")


class Need(StrEnum):
    """What a fact needs beside the account; its value says what the operator would have to give."""

    GUEST = "--guest ADDRESS, which is invited and may be mailed"
    PUSH = "--push-address URL, which the provider may call"
    HANDS = "--by-hand, a person who acts in the provider's own pages"
    REFRESH = "a refresh token"


class NotTried(Exception):
    """A fact could not be tried; the message says why, in words of the probe alone."""


@dataclass(frozen=True, slots=True)
class Fact(Generic[Account]):
    """One claim of a double.

    `name` begins with the row of docs/provider-facts.md (``G29``, ``M40-other-body``). `double` is what is
    seen at the double; `others` says what other known observations mean.
    """

    name: str
    about: str
    double: str
    look: Callable[[Account], str]
    needs: tuple[Need, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def row(self) -> str:
        """The row of docs/provider-facts.md that the fact belongs to."""
        return self.name.partition("-")[0]


class Facts(list[Fact[Any]]):
    """The facts of one topic, in the order in which they are tried."""

    def fact(
        self, name: str, about: str, *needs: Need, double: str, others: Mapping[str, str] | None = None
    ) -> Callable[[Callable[[Any], str]], Callable[[Any], str]]:
        """Add the decorated function, which takes the account and returns what was seen."""

        def add(look: Callable[[Any], str]) -> Callable[[Any], str]:
            self.append(Fact(name, about, double, look, needs, others or {}))
            return look

        return add
