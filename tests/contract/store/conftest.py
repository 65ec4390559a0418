"""The databases that the store's contract is tested against."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from common.domain.calendar.sync_state import CalendarSync
from common.store import stores
from common.store.firestore.client import FirestoreDocuments, connect
from common.store.firestore.documents import Documents
from local.firestore_emulator import EmulatorError, start
from local.firestore_memory.documents import MemoryDocuments
from tests.contract.store.examples import COVERED
from tests.contract.store.firestore.strict_documents import Watched


@pytest.fixture(scope="session")
def emulator_host() -> Iterator[str]:
    try:
        emulator = start()
    except EmulatorError as error:
        pytest.skip(str(error))
    with emulator:
        yield emulator.host


@pytest.fixture
def firestore(emulator_host) -> Iterator[FirestoreDocuments]:
    """A fresh project of the emulator."""
    documents = FirestoreDocuments(connect(project=f"store-{uuid4().hex[:12]}", emulator=emulator_host))
    yield documents
    documents.close()


@pytest.fixture(params=["memory", pytest.param("firestore", marks=pytest.mark.emulator)])
def raw(request) -> Documents:
    """An empty database of each kind."""
    return MemoryDocuments() if request.param == "memory" else request.getfixturevalue("firestore")


@pytest.fixture
def documents(raw) -> Watched:
    """An empty database of each kind, under watch."""
    return Watched(raw)


@pytest.fixture
def store(documents):
    """All repositories over one database."""
    return stores(documents)


@pytest.fixture
def feed(store):
    """A stored feed with a covered range."""
    return store.sync_states.save(CalendarSync("t", "c", "k", covered=COVERED, generation=1))
