"""Faults to inject that the real service allows: lost answers, duplicates, delays, another order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from random import Random


class Refusal(Enum):
    """How a call to create a task fails."""

    NOT_STORED = "not stored"
    STORED_ANYWAY = "stored, but the answer got lost"
    OVER_QUOTA = "not stored, because the quota is used up"


class Faults:
    """The fault-free default; a subclass overrides a method to inject a fault. Names are full task names."""

    reorders = False
    """Whether ``choose`` is called; off by default, because listing all due tasks costs time."""

    def refuse(self, name: str) -> Refusal | None:  # noqa: ARG002
        """Whether creating this task fails."""
        return None

    def delay(self, name: str) -> timedelta:  # noqa: ARG002
        """How much later than its schedule time the first dispatch happens."""
        return timedelta(0)

    def copies(self, name: str) -> int:  # noqa: ARG002
        """How often the task is delivered again after it succeeded."""
        return 0

    def choose(self, due: Sequence[str]) -> int:  # noqa: ARG002
        """The index of the due task that goes first."""
        return 0


class ScriptedFaults(Faults):
    """Faults that a test lists in advance; each is used once."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []
        self.delays: list[timedelta] = []
        self.duplicates: list[int] = []

    def refuse(self, name: str) -> Refusal | None:  # noqa: ARG002
        """The next listed refusal."""
        return self.refusals.pop(0) if self.refusals else None

    def delay(self, name: str) -> timedelta:  # noqa: ARG002
        """The next listed delay."""
        return self.delays.pop(0) if self.delays else timedelta(0)

    def copies(self, name: str) -> int:  # noqa: ARG002
        """The next listed number of extra deliveries."""
        return self.duplicates.pop(0) if self.duplicates else 0


class RandomFaults(Faults):
    """Random faults from a seed, with a probability for each kind; due tasks go in random order."""

    reorders = True

    def __init__(
        self,
        random: Random,
        *,
        refuse: float = 0.0,
        duplicate: float = 0.0,
        late: float = 0.0,
        latest: timedelta = timedelta(minutes=5),
    ) -> None:
        self._random = random
        self._refuse = refuse
        self._duplicate = duplicate
        self._late = late
        self._latest = latest

    def refuse(self, name: str) -> Refusal | None:  # noqa: ARG002
        """Fail with the given probability; in some of these cases the task is stored nevertheless."""
        if self._random.random() >= self._refuse:
            return None
        return self._random.choice(tuple(Refusal))

    def delay(self, name: str) -> timedelta:  # noqa: ARG002
        """Be late with the given probability."""
        return self._latest * self._random.random() if self._random.random() < self._late else timedelta(0)

    def copies(self, name: str) -> int:  # noqa: ARG002
        """Deliver twice with the given probability."""
        return int(self._random.random() < self._duplicate)

    def choose(self, due: Sequence[str]) -> int:
        """The index of a random due task."""
        return self._random.randrange(len(due))
