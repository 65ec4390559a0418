"""What both providers' clients share: pooled connections, and how a refusal becomes an error or an answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Generic, Protocol, TypeVar

from common.errors import ProviderUnavailable, Retry, SyncError, UnexpectedReply


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


class RefusalOutcome(Enum):
    """Refusals that are an answer, in the calls that expect them."""

    MISSING = auto()
    DELETED = auto()
    CHANGED = auto()
    TAKEN = auto()
    IMMOVABLE = auto()
    NO_SERIES = auto()
    OTHER_ZONE = auto()


@dataclass(frozen=True, slots=True)
class RefusalRule:
    """How to react to a refusal; ``outcome`` where a call may take it as an answer."""

    error: type[SyncError]
    code: str | None = None
    outcome: RefusalOutcome | None = None


UNAVAILABLE = RefusalRule(ProviderUnavailable)
_UNKNOWN = RefusalRule(UnexpectedReply)


class RefusedCall(Protocol):
    """What a provider said instead of an answer."""

    @property
    def status(self) -> int:
        """The status of HTTP."""

    @property
    def word(self) -> str:
        """The provider's own word for the reason, safe to show."""

    @property
    def retry_after(self) -> float | None:
        """Seconds that it asks us to wait."""


def by_status(statuses: Mapping[int, RefusalRule], status: int) -> RefusalRule:
    """The reaction where nothing but the status is known; what is unknown is never taken for harmless."""
    failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return statuses.get(status) or (UNAVAILABLE if failed else _UNKNOWN)


def error_of(rule: RefusalRule, refused: RefusedCall, *, who: str) -> SyncError:
    """The error to raise; its text holds the provider's own word for the reason and nothing else."""
    detail = f"{who} answered {refused.status} ({refused.word})"
    if issubclass(rule.error, Retry):
        return rule.error(detail, code=rule.code, retry_after=refused.retry_after)
    return rule.error(detail, code=rule.code)


def accepted(rule: RefusalRule, error: SyncError, accept: Collection[RefusalOutcome]) -> RefusalOutcome:
    """The refusal as the answer that the caller accepts; else it is raised."""
    if rule.outcome is None or rule.outcome not in accept:
        raise error
    return rule.outcome
