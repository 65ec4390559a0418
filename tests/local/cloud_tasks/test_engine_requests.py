"""The request that a worker receives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local.cloud_tasks.errors import InvalidArgument
from local.cloud_tasks.model import OidcToken, RetryPolicy, ServiceLimits, Target
from tests.local.cloud_tasks.world import QUEUE, SECOND, START, TARGET, World


@pytest.mark.parametrize("seconds", [14, 1801])
def test_dispatch_deadline_outside_the_limits_is_refused(seconds):
    """A dispatch deadline must be between 15 seconds and 30 minutes."""
    with pytest.raises(InvalidArgument):
        World().engine.create_task(QUEUE, TARGET, dispatch_deadline=timedelta(seconds=seconds))


def test_dispatch_carries_its_deadline():
    """The deadline of the task, or ten minutes, goes with the request."""
    world = World()
    world.engine.create_task(QUEUE, TARGET, dispatch_deadline=15 * SECOND)
    world.engine.create_task(QUEUE, TARGET)

    world.engine.drain()

    assert [request.deadline for request in world.worker.requests] == [15 * SECOND, 600 * SECOND]


@pytest.mark.parametrize(
    "target",
    [
        Target("ftp://worker.test/"),
        Target("https://worker.test/" + "x" * 2083),
        Target("https://worker.test/", body=b"x" * 102_400),
        Target("https://worker.test/", method="GET", body=b"x"),
        Target("https://worker.test/", method="BREW"),
        Target("https://worker.test/", headers={"X-Mine": "a\r\nb"}),
        Target("https://worker.test/", oidc=OidcToken("nobody")),
    ],
)
def test_requests_that_could_not_be_sent_are_refused(target):
    """Wrong scheme or method, too long, too large, a body where none may be: INVALID_ARGUMENT."""
    with pytest.raises(InvalidArgument):
        World().engine.create_task(QUEUE, target)


def test_size_limit_is_configurable():
    """The size limit is a setting of the server."""
    world = World(limits=ServiceLimits(task_bytes=200_000))

    world.engine.create_task(QUEUE, Target("https://worker.test/", body=b"x" * 102_400))

    assert len(world.engine.pending()) == 1


def test_service_headers_tell_the_attempt():
    """Each dispatch names queue, task, retry and response counts, schedule time and previous response."""
    world = World(retry=RetryPolicy(min_backoff=10 * SECOND, max_backoff=10 * SECOND))
    world.worker.script = [404, 503]
    world.add("told")

    world.engine.drain()

    first, _, third = [request.headers for request in world.worker.requests]
    assert first["User-Agent"] == "Google-Cloud-Tasks"
    assert first["X-CloudTasks-QueueName"] == "sync"
    assert first["X-CloudTasks-TaskName"] == "told"
    assert (first["X-CloudTasks-TaskRetryCount"], first["X-CloudTasks-TaskExecutionCount"]) == ("0", "0")
    assert f"{START.timestamp():.6f}" == first["X-CloudTasks-TaskETA"]
    assert "X-CloudTasks-TaskPreviousResponse" not in first
    assert (third["X-CloudTasks-TaskRetryCount"], third["X-CloudTasks-TaskExecutionCount"]) == ("2", "1")
    assert third["X-CloudTasks-TaskPreviousResponse"] == "503"
    assert "503" in third["X-CloudTasks-TaskRetryReason"]


def test_callers_cannot_set_the_service_headers():
    """Headers that belong to the service are dropped, other ones pass; a body gets a content type."""
    world = World()
    mine = {"x-cloudtasks-queuename": "forged", "User-Agent": "me", "Host": "elsewhere", "X-Mine": "1"}
    world.engine.create_task(QUEUE, Target("https://worker.test/", headers=mine, body=b"x"))

    world.engine.drain()

    headers = world.worker.requests[0].headers
    assert headers["X-CloudTasks-QueueName"] == "sync"
    assert headers["User-Agent"] == "Google-Cloud-Tasks"
    assert headers["X-Mine"] == "1"
    assert headers["Content-Type"] == "application/octet-stream"
    assert not {"Host", "x-cloudtasks-queuename"} & set(headers)
