"""What Firestore's answers mean to the store: every status of gRPC, said by a real server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
import pytest

from common.errors import AlreadyExists, Conflict, InvalidRequest, OperatorFault, StoreUnavailable, SyncError
from common.store.firestore.client import FirestoreDocuments, connect
from common.store.firestore.documents import Delete, Query

REFUSED = {
    "ALREADY_EXISTS": (AlreadyExists, "already_exists"),
    "FAILED_PRECONDITION": (Conflict, "conflict"),
    "NOT_FOUND": (Conflict, "conflict"),
    "INVALID_ARGUMENT": (InvalidRequest, "store_refused"),
    "PERMISSION_DENIED": (OperatorFault, "store_setup"),
    "UNAUTHENTICATED": (OperatorFault, "store_setup"),
    "RESOURCE_EXHAUSTED": (StoreUnavailable, "store_unavailable"),
    "UNAVAILABLE": (StoreUnavailable, "commit_unknown"),
    "DEADLINE_EXCEEDED": (StoreUnavailable, "commit_unknown"),
    "INTERNAL": (StoreUnavailable, "commit_unknown"),
    "UNKNOWN": (StoreUnavailable, "commit_unknown"),
    "CANCELLED": (StoreUnavailable, "commit_unknown"),
    "DATA_LOSS": (StoreUnavailable, "commit_unknown"),
    "OUT_OF_RANGE": (InvalidRequest, "store_refused"),
    "UNIMPLEMENTED": (StoreUnavailable, "commit_unknown"),
    "ABORTED": (Conflict, "conflict"),
}
READING = {"FAILED_PRECONDITION": OperatorFault, "NOT_FOUND": OperatorFault, "ALREADY_EXISTS": AlreadyExists}


@dataclass
class Refusing(grpc.GenericRpcHandler):
    """A server that answers every call with the next of its statuses, the last one for ever."""

    statuses: list[grpc.StatusCode] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def service(self, details):
        def unary(_request, context):
            self._refuse(details, context)

        def stream(_request, context):
            self._refuse(details, context)
            yield b""

        if details.method.endswith("/Commit"):
            return grpc.unary_unary_rpc_method_handler(unary)
        return grpc.unary_stream_rpc_method_handler(stream)

    def _refuse(self, details, context):
        self.calls.append(details.method.rpartition("/")[2])
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        context.abort(status, "canary")


@pytest.fixture
def refusing() -> Iterator[tuple[FirestoreDocuments, Refusing]]:
    handler = Refusing()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    documents = FirestoreDocuments(connect(project="p", emulator=f"127.0.0.1:{port}"))
    yield documents, handler
    documents.close()
    server.stop(0).wait()


def test_every_grpc_status_has_an_error():
    """Every status that gRPC knows has a meaning here."""
    assert set(REFUSED) == {status.name for status in grpc.StatusCode} - {"OK"}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_refused_commit_raises_the_error_of_its_status(refusing, name):
    """Faults F15 and F16: certain refusals, certain absences and unknown outcomes are told apart."""
    documents, handler = refusing
    handler.statuses = [grpc.StatusCode[name]]
    expected, code = REFUSED[name]

    with pytest.raises(SyncError) as failure:
        documents.commit([Delete("things/a")])

    assert (type(failure.value), failure.value.reason) == (expected, code)
    assert "canary" not in str(failure.value)
    assert (len(handler.calls) > 1) == (name == "ABORTED")


@pytest.mark.parametrize("name", ["FAILED_PRECONDITION", "NOT_FOUND", "INTERNAL", "UNAVAILABLE", "ABORTED"])
def test_a_failed_read_is_never_an_empty_answer(refusing, name):
    """A missing index or database is the operator's; anything else is to be tried again."""
    documents, handler = refusing
    handler.statuses = [grpc.StatusCode[name]]

    for ask in (lambda: documents.get(["things/a"]), lambda: documents.query(Query("things"))):
        with pytest.raises(READING.get(name, StoreUnavailable)) as failure:
            ask()
        assert failure.value.reason in {"store_setup", "store_unavailable"}


def test_an_aborted_commit_is_tried_again(refusing):
    """Aborted means that nothing happened, so that trying again is safe."""
    documents, handler = refusing
    handler.statuses = [grpc.StatusCode.ABORTED, grpc.StatusCode.ABORTED, grpc.StatusCode.ALREADY_EXISTS]

    with pytest.raises(AlreadyExists):
        documents.commit([Delete("things/a")])

    assert handler.calls == ["Commit"] * 3


def test_a_database_that_does_not_answer_is_unavailable():
    """A closed port is no empty database."""
    documents = FirestoreDocuments(connect(project="p", emulator="127.0.0.1:1"))

    with pytest.raises(StoreUnavailable):
        documents.get(["things/a"])
    documents.close()
