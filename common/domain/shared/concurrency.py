"""Two who change one record: what a caller demands of it, and how a change is repeated after a conflict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from common.errors import Conflict, PreconditionRequired, StaleVersion


@dataclass(frozen=True, slots=True)
class Condition:
    """The demands of RFC 9110, section 13.1; without any, a record can be created and not replaced.

    Attributes:
        versions: The versions that the caller has seen (``If-Match``); None where it names none.
        anything: Whatever is there may be replaced (``If-Match: *``).
        absent: There must be nothing yet (``If-None-Match: *``).
    """

    versions: frozenset[str] | None = None
    anything: bool = False
    absent: bool = False

    @property
    def replaces(self) -> bool:
        """Whether the caller means a record that is there."""
        return self.anything or self.versions is not None

    def met(self, version: str | None) -> bool:
        """Whether the record at ``version`` is one that the caller means."""
        return self.anything or (self.versions is not None and version in self.versions)

    def check_create(self) -> None:
        """Allow the creation of a record that is not there.

        Raises:
            StaleVersion: The caller means one that is there.
        """
        if self.replaces:
            raise StaleVersion("there is no such record (any more)")

    def check_replace(self, version: str | None) -> None:
        """Allow the replacement of a record that is stored at ``version``.

        Raises:
            StaleVersion: It is not at a version that the caller saw (``stale_version``), or the caller wants
                to create it (``already_exists``).
            PreconditionRequired: The caller did not say which version it saw.
        """
        if self.absent:
            raise StaleVersion("there is such a record already", code="already_exists")
        if not self.replaces:
            raise PreconditionRequired("send the record's ETag as If-Match to replace it")
        if not self.met(version):
            raise StaleVersion("the record was changed meanwhile; read it again")

    def insist(self, version: str | None) -> None:
        """Allow a change of a record that is stored at ``version``; who demands nothing may change any.

        Raises:
            StaleVersion: The record is not at a version that the caller saw.
        """
        if self.replaces and not self.met(version):
            raise StaleVersion("it was changed meanwhile; read it again first")


NOTHING_DEMANDED = Condition()


T = TypeVar("T")


def retry_conflicts(change: Callable[[], T], *, message: str, code: str | None = None, tries: int = 5) -> T:
    """The result of ``change``, which reads a record, decides and saves; repeated while it raises Conflict.

    Args:
        change: Reads anew at each call, so that it decides on what is stored by then.
        message: What the last Conflict says, where others were faster every time.
        code: The stable code of that Conflict.
        tries: How often ``change`` is called at most.

    Raises:
        Conflict: Others were faster every time.
    """
    for _ in range(tries):
        try:
            return change()
        except Conflict:
            continue
    raise Conflict(message, code=code)
