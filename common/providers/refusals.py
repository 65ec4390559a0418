"""How to react to what a provider refuses; each provider has its own table of rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Protocol

from common.errors import ProviderUnavailable, Retry, SyncError, UnexpectedReply


class RefusalOutcome(Enum):
    """Refusals that are an answer, in the calls that expect them."""

    MISSING = auto()
    DELETED = auto()
    CHANGED = auto()
    TAKEN = auto()


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
