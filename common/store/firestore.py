"""The document database in Firestore: one call an exchange, each with a deadline, no transactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from google.api_core import exceptions as core

from common.errors import AlreadyExists, Conflict, OperatorFault, StoreUnavailable
from common.store.decoded import Decoded
from common.store.documents import Query, Snapshot, Write, Written
from common.store.protobuf import query_message, snapshot, write_message, written
from common.store.rpc import BatchGetRequest, Calls, CommitRequest, RunQueryRequest, open_calls
from common.store.values import LARGEST_COMMIT, demand_once, refused


@dataclass(frozen=True, slots=True)
class Database:
    """An open connection to one database."""

    calls: Calls
    name: str


def connect(*, project: str, database: str = "(default)", emulator: str | None = None) -> Database:
    """Open a database: the real one with the machine's own identity, or an emulator's.

    Args:
        project: The project's id.
        database: The database's id in it.
        emulator: Host and port; by default FIRESTORE_EMULATOR_HOST, as Google's clients do.
    """
    name = f"projects/{project}/databases/{database}"
    return Database(open_calls(name, emulator=emulator), name)


class FirestoreDocuments:
    """All documents of one database; safe for threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._root = f"{database.name}/documents"
        self._decoded = Decoded()

    def get(self, paths: Sequence[str]) -> tuple[Snapshot, ...]:
        """Read documents in one exchange, in the order asked."""
        if not paths:
            return ()
        names = [f"{self._root}/{path}" for path in dict.fromkeys(paths)]
        request = BatchGetRequest(database=self._database.name, documents=names)
        with _translated(committing=False):
            answers = self._database.calls.get(request)
        found: dict[str, Snapshot] = {}
        for answer in answers:
            if answer.WhichOneof("result") == "found":
                one = self._decoded.snapshot(self._root, answer.found)
                found[one.path] = one
        return tuple(found.get(path) or Snapshot(path, None, None) for path in paths)

    def commit(self, writes: Sequence[Write]) -> tuple[Written, ...]:
        """Apply all writes or none."""
        demand_once([write.path for write in writes])
        messages = [write_message(self._root, write) for write in writes]
        request = CommitRequest(database=self._database.name, writes=messages)
        if request.ByteSize() > LARGEST_COMMIT:
            raise refused("a commit has at most 10 MiB")
        with _translated(committing=True):
            results = self._database.calls.commit(request).write_results
        return tuple(written(write, result) for write, result in zip(writes, results, strict=True))

    def query(self, query: Query) -> tuple[Snapshot, ...]:
        """The matching documents in order."""
        parent, structured = query_message(self._root, query)
        request = RunQueryRequest(parent=parent, structured_query=structured)
        with _translated(committing=False):
            answers = self._database.calls.query(request)
        return tuple(
            snapshot(self._root, answer.document) for answer in answers if answer.HasField("document")
        )

    def close(self) -> None:
        """Close the channel."""
        self._database.calls.close()


@contextmanager
def _translated(*, committing: bool) -> Iterator[None]:
    """Google's errors by the reaction they need; ``from`` keeps the original for the traceback only."""
    try:
        yield
    except core.AlreadyExists as error:
        raise AlreadyExists("a document of this name exists") from error
    except (core.FailedPrecondition, core.NotFound, core.Aborted) as error:
        if committing:
            raise Conflict("a document changed meanwhile") from error
        raise OperatorFault("the database or an index is missing", code="store_setup") from error
    except core.BadRequest as error:
        raise refused("the database refuses this content") from error
    except (core.PermissionDenied, core.Unauthenticated) as error:
        raise OperatorFault("the database does not let us in", code="store_setup") from error
    except core.RetryError as error:
        if committing:
            raise Conflict("others keep interfering") from error
        raise StoreUnavailable("the database does not answer") from error
    except core.GoogleAPICallError as error:
        code = "commit_unknown" if committing and not isinstance(error, core.TooManyRequests) else None
        raise StoreUnavailable("the database does not answer", code=code) from error
