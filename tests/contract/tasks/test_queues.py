"""One suite for both task queues, against a server that speaks Cloud Tasks' own protocols."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.config import Config
from common.domain.shared.tasks import Lane, Task, Work
from common.errors import StoreUnavailable
from common.ports.machine import TaskQueue
from common.tasks.grpc import GrpcTaskQueue
from common.tasks.rest import RestTaskQueue
from local.cloud_tasks.clock import VirtualClock
from local.cloud_tasks.engine import Engine
from local.cloud_tasks.model import HttpRequest, QueueSettings
from local.cloud_tasks.server import TasksServer
from local.issuer import Issuer

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
PARENT = "projects/demo/locations/europe-west6/queues"
Fixture = tuple[TaskQueue, Engine, list[HttpRequest]]


def config(**addresses: str) -> Config:
    return Config(
        {
            "GOOGLE_CLOUD_PROJECT": "demo",
            "TASKS_LOCATION": "europe-west6",
            "TASKS_SERVICE_ACCOUNT": "tasks@demo.iam.gserviceaccount.com",
            "PUBLIC_BASE_URL": "https://functions.example",
            **addresses,
        }
    )


def grpc_queue(running: TasksServer) -> TaskQueue:
    return GrpcTaskQueue(config(CLOUD_TASKS_EMULATOR_HOST=running.grpc_target))


def rest_queue(running: TasksServer) -> TaskQueue:
    return RestTaskQueue(config(CLOUD_TASKS_REST_ENDPOINT=running.base_url), token=lambda: "local")


@pytest.fixture(params=[grpc_queue, rest_queue], ids=["grpc", "rest"])
def served(request: pytest.FixtureRequest) -> Iterator[Fixture]:
    make: Callable[[TasksServer], TaskQueue] = request.param
    calls: list[HttpRequest] = []
    issuer = Issuer("https://issuer.example")
    engine = Engine(
        lambda call: calls.append(call) or 200,
        clock=VirtualClock(NOW),
        queues={f"{PARENT}/slotbridge-{lane.value}": QueueSettings() for lane in Lane if lane != Lane.UPKEEP},
        tokens=issuer.service_token,
    )
    running = TasksServer(engine)
    queue = make(running)
    try:
        yield queue, engine, calls
    finally:
        close = getattr(queue, "close", None)
        if close:
            close()
        running.close()


def task(**changes: object) -> Task:
    values: dict[str, object] = {
        "work": Work.DELTA_SYNC,
        "lane": Lane.SYNC,
        "payload": {"tenant": "t1", "calendar": "k1"},
        "name": "sync:k1:17",
    }
    return Task(**(values | changes))  # type: ignore[arg-type]


def test_a_task_reaches_its_function(served: Fixture) -> None:
    """Address, body and OIDC token arrive as they were meant."""
    queue, engine, calls = served

    created = queue.enqueue(task(attempt=3))
    engine.drain()

    assert created is True
    assert ["https://functions.example/delta_sync"] == [call.url for call in calls]
    assert json.loads(calls[0].body) == {
        "v": 1,
        "lane": "sync",
        "attempt": 3,
        "payload": {"tenant": "t1", "calendar": "k1"},
    }
    assert calls[0].headers["Authorization"].startswith("Bearer ")


def test_a_name_is_used_once(served: Fixture) -> None:
    """While a task of a name waits, and after it ran, another one of the name collapses into it."""
    queue, engine, calls = served

    answers = [queue.enqueue(task()), queue.enqueue(task())]
    engine.drain()
    answers.append(queue.enqueue(task()))
    engine.drain()

    assert answers == [True, False, False]
    assert len(calls) == 1


def test_names_are_hashed(served: Fixture) -> None:
    """What a name is made of is not readable in the queue, and names spread evenly."""
    queue, engine, _ = served

    queue.enqueue(task(name="sync:anna@example.com:17"))

    names = [item.name for item in engine.pending()]
    assert len(names) == 1
    assert "anna" not in names[0]
    assert len(names[0].rsplit("/", 1)[1]) == 64


def test_tasks_without_a_name_do_not_collapse(served: Fixture) -> None:
    """Each is its own."""
    queue, engine, calls = served

    answers = [queue.enqueue(task(name=None)), queue.enqueue(task(name=None))]
    engine.drain()

    assert (answers, len(calls)) == ([True, True], 2)


def test_a_task_waits_for_its_time(served: Fixture) -> None:
    """Nothing runs before ``not_before``."""
    queue, engine, calls = served

    queue.enqueue(task(not_before=NOW + timedelta(seconds=7.5)))
    engine.run_until(NOW + timedelta(seconds=7))
    early = len(calls)
    engine.run_until(NOW + timedelta(seconds=8))

    assert (early, len(calls)) == (0, 1)


def test_a_missing_queue_is_an_error(served: Fixture) -> None:
    """A task that was not accepted is never taken for one that was."""
    queue, _, _ = served

    with pytest.raises(StoreUnavailable) as refused:
        queue.enqueue(task(lane=Lane.UPKEEP))

    assert refused.value.reason == "queue_unavailable"


def test_an_unreachable_queue_is_an_error() -> None:
    """The webhook then answers 503, and the provider tries again."""
    queue = RestTaskQueue(config(CLOUD_TASKS_REST_ENDPOINT="http://127.0.0.1:9"), token=lambda: "local")

    with pytest.raises(StoreUnavailable):
        queue.enqueue(task())
    queue.close()
