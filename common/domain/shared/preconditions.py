"""What a caller demands of the record that it is about to change, so that no update is lost."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import StaleVersion


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

    def insist(self, version: str | None) -> None:
        """Go on with a record that the caller means, or with any where it means none in particular.

        Raises:
            StaleVersion: The record is not at a version that the caller saw.
        """
        if self.replaces and not self.met(version):
            raise StaleVersion("it was changed meanwhile; read it again first")


NOTHING_DEMANDED = Condition()
