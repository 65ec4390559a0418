"""Connections that serve one thread at a time, kept open between calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class Closing(Protocol):
    """Whatever can be closed."""

    def close(self) -> None:
        """Close it."""


C = TypeVar("C", bound=Closing)


class Pool(Generic[C]):
    """Lends each caller a connection of its own; one whose call failed is not lent again."""

    def __init__(self, make: Callable[[], C]) -> None:
        """``make`` opens another connection where none is idle."""
        self._make = make
        self._idle: deque[C] = deque()

    @contextmanager
    def borrowed(self) -> Iterator[C]:
        """A connection for the time of one call."""
        try:
            one = self._idle.pop()
        except IndexError:
            one = self._make()
        try:
            yield one
        except BaseException:
            one.close()
            raise
        self._idle.append(one)

    def close(self) -> None:
        """Close the connections that are open and idle."""
        while self._idle:
            self._idle.pop().close()
