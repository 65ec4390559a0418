"""The document database in Firestore: one call an exchange, each with a deadline, no transactions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.experimental
from google.api_core import exceptions as core
from google.api_core.gapic_v1 import routing_header
from google.api_core.retry import Retry, if_exception_type
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from common.errors import AlreadyExists, Conflict, OperatorFault, StoreUnavailable
from common.store.firestore.documents import Query, Snapshot, Write, Written
from common.store.firestore.protobuf import query_message, snapshot, write_message, written
from common.store.firestore.values import LARGEST_COMMIT, demand_once, refused
from common.store.slots.agenda import DecodeCache


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
        self._decoded = DecodeCache()

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


SECONDS_A_CALL = 10.0
BatchGetRequest: Any = types.BatchGetDocumentsRequest.pb()
RunQueryRequest: Any = types.RunQueryRequest.pb()
CommitRequest: Any = types.CommitRequest.pb()
_BatchGetResponse: Any = types.BatchGetDocumentsResponse.pb()
_RunQueryResponse: Any = types.RunQueryResponse.pb()
_CommitResponse: Any = types.CommitResponse.pb()
_SERVICE = "/google.firestore.v1.Firestore"
_PAUSES: Any = {"initial": 0.03, "maximum": 0.5, "multiplier": 2.0, "timeout": 2.0}
# An aborted commit did nothing; the others are reads, which may always be asked again. Both with jitter.
_COMMITS = Retry(predicate=if_exception_type(core.Aborted), **_PAUSES)
_READS = Retry(predicate=if_exception_type(core.ServiceUnavailable, core.Aborted), **_PAUSES)
# Otherwise grpc starts a thread for every batch that is read, which costs as much CPU as all the rest of it.
_SINGLE_THREADED = (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)
Metadata = tuple[tuple[str, str], ...]


class Calls:
    """The calls over one channel, each with a deadline; errors are those of ``google.api_core``."""

    def __init__(self, channel: grpc.Channel, *, database: str, metadata: Metadata = ()) -> None:
        """``database`` is the full name, by which calls are routed as well."""
        self._channel = channel
        common = (("google-cloud-resource-prefix", database), *metadata)
        routed = (*common, _routed("database", database))
        reads = channel.unary_stream(
            f"{_SERVICE}/BatchGetDocuments",
            request_serializer=BatchGetRequest.SerializeToString,
            response_deserializer=_BatchGetResponse.FromString,
        )
        queries = channel.unary_stream(
            f"{_SERVICE}/RunQuery",
            request_serializer=RunQueryRequest.SerializeToString,
            response_deserializer=_RunQueryResponse.FromString,
        )
        commits = channel.unary_unary(
            f"{_SERVICE}/Commit",
            request_serializer=CommitRequest.SerializeToString,
            response_deserializer=_CommitResponse.FromString,
        )
        self.get: Callable[[Any], list[Any]] = _READS(lambda request: _all(reads, request, routed))
        self.query: Callable[[Any], list[Any]] = _READS(
            lambda request: _all(queries, request, (*common, _routed("parent", request.parent)))
        )
        self.commit: Callable[[Any], Any] = _COMMITS(lambda request: _one(commits, request, routed))

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()


def open_calls(database: str, *, emulator: str | None = None) -> Calls:
    """Calls to the real service with the machine's own identity, or to an emulator's.

    Args:
        database: The full name of the database.
        emulator: Host and port; by default FIRESTORE_EMULATOR_HOST, as Google's clients do.
    """
    host = emulator or os.environ.get("FIRESTORE_EMULATOR_HOST")
    if not host:
        transport = FirestoreGrpcTransport(channel=_channel)
        return Calls(transport.grpc_channel, database=database)
    options = (
        _SINGLE_THREADED,
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", -1),
        ("grpc.enable_http_proxy", 0),
    )
    # The emulator lets its owner in: https://firebase.google.com/docs/emulator-suite/connect_firestore
    owner = (("authorization", "Bearer owner"),)
    return Calls(grpc.insecure_channel(host, options=options), database=database, metadata=owner)


def _channel(*where: Any, options: Sequence[tuple[str, Any]] = (), **more: Any) -> grpc.Channel:
    return FirestoreGrpcTransport.create_channel(*where, options=[*options, _SINGLE_THREADED], **more)


def _routed(name: str, value: str) -> tuple[str, str]:
    """Tells Google's front end where the database lives: https://google.aip.dev/client-libraries/4222."""
    header: tuple[str, str] = routing_header.to_grpc_metadata(((name, value),))  # type: ignore[no-untyped-call]
    return header


def _all(stub: Any, request: Any, metadata: Metadata) -> list[Any]:
    try:
        return list(stub(request, timeout=SECONDS_A_CALL, metadata=metadata))
    except grpc.RpcError as error:
        raise core.from_grpc_error(error) from error  # type: ignore[no-untyped-call]


def _one(stub: Any, request: Any, metadata: Metadata) -> Any:
    try:
        return stub(request, timeout=SECONDS_A_CALL, metadata=metadata)
    except grpc.RpcError as error:
        raise core.from_grpc_error(error) from error  # type: ignore[no-untyped-call]
