"""The document database in Firestore: one call an exchange, each with a deadline, no transactions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.experimental
from google.api_core import exceptions as core
from google.api_core.retry import Retry, if_exception_type
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from common.errors import AlreadyExists, Conflict, OperatorFault, StoreUnavailable
from common.store.decoded import Decoded
from common.store.documents import Query, Snapshot, Write, Written
from common.store.protobuf import query_message, snapshot, write_message, written
from common.store.values import LARGEST_COMMIT, demand_once, refused

SECONDS_A_CALL = 10.0

# An aborted commit did nothing; the others are reads, which may always be asked again. Both with jitter.
_COMMITS = Retry(
    predicate=if_exception_type(core.Aborted), initial=0.03, maximum=0.5, multiplier=2.0, timeout=2.0
)
_READS = Retry(
    predicate=if_exception_type(core.ServiceUnavailable, core.Aborted),
    initial=0.03,
    maximum=0.5,
    multiplier=2.0,
    timeout=2.0,
)

# Otherwise grpc starts a thread for every batch that is read, which costs as much CPU as all the rest of it.
_SINGLE_THREADED = (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)

_CommitRequest: Any = types.CommitRequest.pb()
_BatchGetRequest: Any = types.BatchGetDocumentsRequest.pb()
_RunQueryRequest: Any = types.RunQueryRequest.pb()


@dataclass(frozen=True, slots=True)
class Database:
    """An open connection to one database."""

    api: FirestoreClient
    name: str
    metadata: tuple[tuple[str, str], ...] = field(repr=False)


def connect(*, project: str, database: str = "(default)", emulator: str | None = None) -> Database:
    """Open a database: the real one with the machine's own identity, or an emulator's.

    Args:
        project: The project's id.
        database: The database's id in it.
        emulator: Host and port; by default FIRESTORE_EMULATOR_HOST, as Google's clients do.
    """
    name = f"projects/{project}/databases/{database}"
    prefix = ("google-cloud-resource-prefix", name)
    host = emulator or os.environ.get("FIRESTORE_EMULATOR_HOST")
    if not host:
        return Database(FirestoreClient(transport=FirestoreGrpcTransport(channel=_channel)), name, (prefix,))
    options = (
        _SINGLE_THREADED,
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", -1),
        ("grpc.enable_http_proxy", 0),
    )
    transport = FirestoreGrpcTransport(host=host, channel=grpc.insecure_channel(host, options=options))
    # The emulator lets its owner in: https://firebase.google.com/docs/emulator-suite/connect_firestore
    return Database(FirestoreClient(transport=transport), name, (prefix, ("authorization", "Bearer owner")))


def _channel(*where: Any, options: Sequence[tuple[str, Any]] = (), **more: Any) -> grpc.Channel:
    return FirestoreGrpcTransport.create_channel(*where, options=[*options, _SINGLE_THREADED], **more)


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
        request = _BatchGetRequest(database=self._database.name, documents=names)
        found: dict[str, Snapshot] = {}
        with _translated(committing=False):
            answers = self._database.api.batch_get_documents(
                types.BatchGetDocumentsRequest.wrap(request),
                retry=_READS,
                timeout=SECONDS_A_CALL,
                metadata=self._database.metadata,
            )
            for answer in map(types.BatchGetDocumentsResponse.pb, answers):
                if answer.WhichOneof("result") == "found":
                    one = self._decoded.snapshot(self._root, answer.found)
                    found[one.path] = one
        return tuple(found.get(path) or Snapshot(path, None, None) for path in paths)

    def commit(self, writes: Sequence[Write]) -> tuple[Written, ...]:
        """Apply all writes or none."""
        demand_once([write.path for write in writes])
        messages = [write_message(self._root, write) for write in writes]
        request = _CommitRequest(database=self._database.name, writes=messages)
        if request.ByteSize() > LARGEST_COMMIT:
            raise refused("a commit has at most 10 MiB")
        with _translated(committing=True):
            answer = self._database.api.commit(
                types.CommitRequest.wrap(request),
                retry=_COMMITS,
                timeout=SECONDS_A_CALL,
                metadata=self._database.metadata,
            )
        results = types.CommitResponse.pb(answer).write_results
        return tuple(written(write, result) for write, result in zip(writes, results, strict=True))

    def query(self, query: Query) -> tuple[Snapshot, ...]:
        """The matching documents in order."""
        parent, structured = query_message(self._root, query)
        request = _RunQueryRequest(parent=parent, structured_query=structured)
        with _translated(committing=False):
            answers = self._database.api.run_query(
                types.RunQueryRequest.wrap(request),
                retry=_READS,
                timeout=SECONDS_A_CALL,
                metadata=self._database.metadata,
            )
            return tuple(
                snapshot(self._root, answer.document)
                for answer in map(types.RunQueryResponse.pb, answers)
                if answer.HasField("document")
            )

    def close(self) -> None:
        """Close the channel."""
        self._database.api.transport.close()  # type: ignore[no-untyped-call]


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
