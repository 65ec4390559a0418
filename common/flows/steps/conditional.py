"""Stores and removes records only as the caller saw them: of two who change one, the second is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from common.domain.conditions import Condition
from common.errors import AlreadyExists, Conflict, PreconditionRequired, StaleVersion, UnknownResource

TRIES = 5


class Versioned(Protocol):
    """A record that knows its stored version."""

    @property
    def version(self) -> str | None:
        """The version; None where it was never stored."""


R = TypeVar("R", bound=Versioned)


@dataclass(frozen=True, slots=True)
class Stored(Generic[R]):
    """The record as it is stored now, and whether it is new."""

    record: R
    created: bool


def put(
    condition: Condition, wanted: R, *, find: Callable[[], R], write: Callable[[str | None], R]
) -> Stored[R]:
    """Create or replace a record; ``write`` is given the version to replace, None to create.

    A replacement that would change nothing is a success, whatever was seen: its answer may have been lost
    (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1).

    Raises:
        StaleVersion: It is not at a version that the caller saw, or not there, or there already.
        PreconditionRequired: It is there, and the caller did not say which version it saw.
        Conflict: Others keep changing it.
    """
    for _ in range(TRIES):
        current = _found(find)
        if current is not None and current == wanted and not condition.absent:
            return Stored(current, created=False)
        _demand(condition, current)
        try:
            return Stored(write(current.version if current else None), created=current is None)
        except (AlreadyExists, Conflict):
            # Somebody else was faster: what is there now decides.
            continue
    raise Conflict("others keep changing this record")


def remove(condition: Condition, *, find: Callable[[], R], delete: Callable[[R], None]) -> None:
    """Remove a record; a caller who demands nothing removes whatever is there.

    Raises:
        UnknownResource: It is not there.
        StaleVersion: It is not at a version that the caller saw.
        Conflict: Others keep changing it.
    """
    for _ in range(TRIES):
        current = find()
        condition.insist(current.version)
        try:
            delete(current)
        except Conflict:
            continue
        return
    raise Conflict("others keep changing this record")


def _found(find: Callable[[], R]) -> R | None:
    try:
        return find()
    except UnknownResource:
        return None


def _demand(condition: Condition, current: Versioned | None) -> None:
    if current is None:
        if condition.replaces:
            raise StaleVersion("there is no such record (any more)")
        return
    if condition.absent:
        raise StaleVersion("there is such a record already", code="already_exists")
    if not condition.replaces:
        raise PreconditionRequired("send the record's ETag as If-Match to replace it")
    if not condition.met(current.version):
        raise _stale()


def _stale() -> StaleVersion:
    return StaleVersion("the record was changed meanwhile; read it again")
