"""The three calls of Firestore's API that documents need, straight on the official channel.

The generated client wraps every call in layers that cost as much CPU as the call itself; the messages, the
channel with its credentials, the errors and the retries are the official ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import grpc.experimental
from google.api_core import exceptions as core
from google.api_core.gapic_v1 import routing_header
from google.api_core.retry import Retry, if_exception_type
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

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
