from __future__ import annotations

from datetime import timedelta

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.protobuf.field_mask_pb2 import FieldMask

from local.cloud_tasks.faults import Refusal
from tests.local.cloud_tasks.engine_setup import QUEUE, START, task

LOCATION = QUEUE.partition("/queues/")[0]
HTTP = {"url": "https://worker.test/run", "body": b"hello", "headers": {"X-Mine": "1"}}


def create(client, **fields):
    """Create a task through the official client."""
    return client.create_task(parent=QUEUE, task={"http_request": HTTP, **fields}, retry=None)


def test_official_client_creates_reads_lists_and_deletes(client):
    """The official client's task calls work, and the body is shown only in the full view."""
    at = START + timedelta(hours=1)
    created = create(client, name=task("one"), schedule_time=at, dispatch_deadline=timedelta(seconds=30))
    full = client.get_task(request={"name": task("one"), "response_view": tasks_v2.Task.View.FULL})
    listed = [entry.name for entry in client.list_tasks(parent=QUEUE)]
    client.delete_task(name=task("one"))

    assert created.http_request.body == b""
    assert full.http_request.body == b"hello"
    assert full.http_request.http_method == tasks_v2.HttpMethod.POST
    assert (full.schedule_time, full.create_time) == (at, START)
    assert full.dispatch_deadline == timedelta(seconds=30)
    assert listed == [task("one")]
    with pytest.raises(exceptions.NotFound):
        client.get_task(name=task("one"))


def test_refusals_reach_the_client_as_its_own_exceptions(client):
    """ALREADY_EXISTS, NOT_FOUND and INVALID_ARGUMENT arrive as google.api_core exceptions."""
    create(client, name=task("one"))

    with pytest.raises(exceptions.AlreadyExists):
        create(client, name=task("one"))
    with pytest.raises(exceptions.NotFound):
        client.create_task(parent=f"{QUEUE}-unknown", task={"http_request": HTTP})
    with pytest.raises(exceptions.InvalidArgument):
        create(client, schedule_time=START + timedelta(days=31))
    with pytest.raises(exceptions.InvalidArgument):
        client.create_task(parent=QUEUE, task={})


def test_lost_answers_reach_the_client_as_unavailable(client, setup):
    """A scripted refusal is UNAVAILABLE for the client, and nothing is stored."""
    setup.engine.faults.refusals = [Refusal.NOT_STORED]

    with pytest.raises(exceptions.ServiceUnavailable):
        create(client)
    assert setup.engine.pending() == []


def test_unsupported_parts_are_refused(client):
    """App Engine targets, OAuth tokens and queue-level targets are UNIMPLEMENTED, never ignored."""
    with pytest.raises(exceptions.MethodNotImplemented):
        client.create_task(parent=QUEUE, task={"app_engine_http_request": {"relative_uri": "/x"}})
    with pytest.raises(exceptions.MethodNotImplemented):
        client.create_task(
            parent=QUEUE,
            task={
                "http_request": HTTP | {"oauth_token": {"service_account_email": "a@b.c"}},
            },
        )
    queue = {"name": f"{QUEUE}-2", "http_target": {"http_method": "GET"}}
    with pytest.raises(exceptions.MethodNotImplemented):
        client.create_queue(parent=LOCATION, queue=queue)


def test_attempts_are_reported(client, setup):
    """After a failure the task shows its counts and the status of the last attempt."""
    setup.worker.script = [404]
    create(client, name=task("one"))

    setup.engine.run_until(START)
    shown = client.get_task(name=task("one"))

    assert (shown.dispatch_count, shown.response_count) == (1, 1)
    assert shown.first_attempt.dispatch_time == START
    assert (shown.last_attempt.response_time, shown.last_attempt.response_status.code) == (START, 5)


def test_run_task_through_the_client(client, setup):
    """RunTask dispatches a future task now."""
    create(client, name=task("one"), schedule_time=START + timedelta(days=1))

    shown = client.run_task(name=task("one"))
    setup.engine.run_until(START)

    assert shown.name == task("one")
    assert setup.worker.names() == ["one"]


def test_queue_calls_of_the_client(client):
    """Queues are created, listed, changed by mask, paused, resumed, purged and deleted."""
    name = f"{LOCATION}/queues/other"
    made = client.create_queue(
        parent=LOCATION,
        queue={
            "name": name,
            "rate_limits": {"max_dispatches_per_second": 5},
            "retry_config": {"max_attempts": 4, "min_backoff": timedelta(seconds=2)},
        },
    )
    changed = client.update_queue(
        queue={
            "name": name,
            "rate_limits": {"max_concurrent_dispatches": 3},
            "retry_config": {"max_attempts": 9},
        },
        update_mask=FieldMask(paths=["rate_limits.max_concurrent_dispatches"]),
    )
    listed = [queue.name for queue in client.list_queues(parent=LOCATION)]
    states = [client.pause_queue(name=name).state, client.resume_queue(name=name).state]
    purged = client.purge_queue(name=name)
    client.delete_queue(name=name)

    assert (made.rate_limits.max_burst_size, made.retry_config.max_doublings) == (5, 16)
    assert (changed.rate_limits.max_dispatches_per_second, changed.rate_limits.max_concurrent_dispatches) == (
        5,
        3,
    )
    assert (changed.retry_config.max_attempts, changed.retry_config.min_backoff) == (4, timedelta(seconds=2))
    assert listed == sorted([QUEUE, name])
    assert states == [tasks_v2.Queue.State.PAUSED, tasks_v2.Queue.State.RUNNING]
    assert purged.purge_time == START
    with pytest.raises(exceptions.NotFound):
        client.get_queue(name=name)
    with pytest.raises(exceptions.FailedPrecondition):
        client.create_queue(parent=LOCATION, queue={"name": name})


def test_long_lists_come_in_pages(client):
    """Pages join without loss or duplicate."""
    for number in range(7):
        create(client, name=task(f"t{number}"))

    pages = list(client.list_tasks(request={"parent": QUEUE, "page_size": 3}).pages)

    assert [len(page.tasks) for page in pages] == [3, 3, 1]
    assert len({entry.name for page in pages for entry in page.tasks}) == 7
