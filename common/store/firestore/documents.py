"""The few things that the store asks of a document database: read a batch, commit a batch, query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, Protocol

Fields = Mapping[str, Any]
FieldPath = tuple[str, ...]
Operator = Literal["==", "<", "<=", ">", ">=", "in"]
NAME: Final = "__name__"
# The values of an "in" filter: https://firebase.google.com/docs/firestore/query-data/queries#query_limitations
MOST_DISJUNCTIONS = 30


class Removed(Enum):
    """The type of REMOVE."""

    REMOVE = "remove"


REMOVE: Final = Removed.REMOVE


@dataclass(frozen=True, slots=True)
class Increment:
    """Add to a number on the server; a missing field counts as 0."""

    by: int


@dataclass(frozen=True, slots=True)
class Create:
    """Write a document that must not exist."""

    path: str
    data: Fields = field(repr=False)


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole document, whatever was there."""

    path: str
    data: Fields = field(repr=False)


@dataclass(frozen=True, slots=True)
class Replace:
    """Write a whole document if its version is still this one."""

    path: str
    data: Fields = field(repr=False)
    version: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Write single fields, named by path; values may be REMOVE or Increment.

    Without conditions a missing document is created. Without fields and with a version it changes nothing
    and only demands that the version is still this one.
    """

    path: str
    fields: Mapping[FieldPath, Any] = field(repr=False)
    version: str | None = None
    must_exist: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a document; a missing one is fine unless a version is demanded."""

    path: str
    version: str | None = None


Write = Create | Put | Replace | Merge | Delete


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One document as read; ``data`` and ``version`` are None where there is none."""

    path: str
    data: dict[str, Any] | None = field(repr=False)
    version: str | None

    @property
    def id(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one write: the document's version, and the results of its transforms in order.

    The version stays the same where the write changed nothing; it is None after a deletion.
    """

    version: str | None
    results: tuple[Any, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A question to one collection, or to all collections of a name (``group``).

    A group that is a document's path with a slash behind it are all documents below that document.
    ``order`` names fields, descending ones with a leading ``-``; the document's path breaks ties and is
    itself called ``__name__``. Documents that lack an ordered or compared field are left out. ``after``
    holds a value per ordered field (a full path for ``__name__``), and the answer starts behind it.
    """

    collection: str
    filters: tuple[tuple[str, Operator, Any], ...] = field(default=(), repr=False)
    order: tuple[str, ...] = ()
    after: tuple[Any, ...] | None = field(default=None, repr=False)
    limit: int | None = None
    group: bool = False


def full_order(query: Query) -> list[tuple[str, bool]]:
    """The full order as (field, descending): inequalities sort by their field, the name breaks ties."""
    order = [(name.removeprefix("-"), name.startswith("-")) for name in query.order]
    compared = sorted({name for name, operator, _ in query.filters if operator not in {"==", "in"}})
    last = order[-1][1] if order else False
    order += [(name, last) for name in compared if name not in {known for known, _ in order}]
    return order if NAME in {name for name, _ in order} else [*order, (NAME, last)]


class Documents(Protocol):
    """A document database with atomic commits.

    Every call raises StoreUnavailable where the database does not answer, and InvalidRequest where it
    refuses the content (a document over 1 MiB, for one).
    """

    def get(self, paths: Sequence[str]) -> tuple[Snapshot, ...]:
        """Read documents in one exchange, in the order asked."""

    def commit(self, writes: Sequence[Write]) -> tuple[Written, ...]:
        """Apply all writes or none; each document is named once.

        Raises:
            AlreadyExists: A Create met a document.
            Conflict: A version or an existence was not as demanded, or others kept interfering.
            StoreUnavailable: With the code ``commit_unknown`` the commit may have happened.
        """

    def query(self, query: Query) -> tuple[Snapshot, ...]:
        """The matching documents in order."""


def create_or_replace(path: str, data: dict[str, object], version: str | None) -> Write:
    """The write of a record: a new one must not exist yet, a known one must have this version."""
    return Create(path, data) if version is None else Replace(path, data, version=version)
