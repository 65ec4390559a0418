"""What can go wrong in a queue that keeps its promises: lost answers, duplicates, delays, another order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from random import Random


class Refusal(Enum):
    """How a call to create a task fails."""

    NOT_STORED = "not stored"
    STORED_ANYWAY = "stored, but the answer got lost"
    OVER_QUOTA = "not stored, and told to slow down"


class Faults:
    """No faults; override a hook to cause one. Names are full task names."""

    reorders = False
    """Whether ``choose`` is to be asked; listing all due tasks costs time."""

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
    """Faults that a test orders one by one; each order is used up once."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []
        self.delays: list[timedelta] = []
        self.duplicates: list[int] = []

    def refuse(self, name: str) -> Refusal | None:  # noqa: ARG002
        """The next ordered refusal."""
        return self.refusals.pop(0) if self.refusals else None

    def delay(self, name: str) -> timedelta:  # noqa: ARG002
        """The next ordered delay."""
        return self.delays.pop(0) if self.delays else timedelta(0)

    def copies(self, name: str) -> int:  # noqa: ARG002
        """The next ordered number of extra deliveries."""
        return self.duplicates.pop(0) if self.duplicates else 0


class RandomFaults(Faults):
    """Seeded faults with a chance for each kind; the order is always shuffled."""

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
        """Fail with the given chance; in some of the cases the task is stored all the same."""
        if self._random.random() >= self._refuse:
            return None
        return self._random.choice(tuple(Refusal))

    def delay(self, name: str) -> timedelta:  # noqa: ARG002
        """Be late with the given chance."""
        return self._latest * self._random.random() if self._random.random() < self._late else timedelta(0)

    def copies(self, name: str) -> int:  # noqa: ARG002
        """Deliver twice with the given chance."""
        return int(self._random.random() < self._duplicate)

    def choose(self, due: Sequence[str]) -> int:
        """Any of the due tasks."""
        return self._random.randrange(len(due))
