"""The HTTP request that a worker receives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local.cloud_tasks.errors import InvalidArgument
from local.cloud_tasks.model import OidcToken, RetryPolicy, ServiceLimits, Target
from tests.local.cloud_tasks.engine_setup import QUEUE, SECOND, START, TARGET, EngineSetup


@pytest.mark.parametrize("seconds", [14, 1801])
def test_dispatch_deadline_outside_the_limits_is_refused(seconds):
    """A dispatch deadline must be between 15 seconds and 30 minutes."""
    with pytest.raises(InvalidArgument):
        EngineSetup().engine.create_task(QUEUE, TARGET, dispatch_deadline=timedelta(seconds=seconds))


def test_dispatch_carries_its_deadline():
    """The deadline of the task, or ten minutes, goes with the request."""
    setup = EngineSetup()
    setup.engine.create_task(QUEUE, TARGET, dispatch_deadline=15 * SECOND)
    setup.engine.create_task(QUEUE, TARGET)

    setup.engine.drain()

    assert [request.deadline for request in setup.worker.requests] == [15 * SECOND, 600 * SECOND]


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
    """Wrong scheme or method, too long, too large, a body where none is allowed: INVALID_ARGUMENT."""
    with pytest.raises(InvalidArgument):
        EngineSetup().engine.create_task(QUEUE, target)


def test_size_limit_is_configurable():
    """The size limit is a setting of the server."""
    setup = EngineSetup(limits=ServiceLimits(task_bytes=200_000))

    setup.engine.create_task(QUEUE, Target("https://worker.test/", body=b"x" * 102_400))

    assert len(setup.engine.pending()) == 1


def test_service_headers_describe_the_attempt():
    """Each dispatch names queue, task, retry and response counts, schedule time and previous response."""
    setup = EngineSetup(retry=RetryPolicy(min_backoff=10 * SECOND, max_backoff=10 * SECOND))
    setup.worker.script = [404, 503]
    setup.add("described")

    setup.engine.drain()

    first, _, third = [request.headers for request in setup.worker.requests]
    assert first["User-Agent"] == "Google-Cloud-Tasks"
    assert first["X-CloudTasks-QueueName"] == "sync"
    assert first["X-CloudTasks-TaskName"] == "described"
    assert (first["X-CloudTasks-TaskRetryCount"], first["X-CloudTasks-TaskExecutionCount"]) == ("0", "0")
    assert f"{START.timestamp():.6f}" == first["X-CloudTasks-TaskETA"]
    assert "X-CloudTasks-TaskPreviousResponse" not in first
    assert (third["X-CloudTasks-TaskRetryCount"], third["X-CloudTasks-TaskExecutionCount"]) == ("2", "1")
    assert third["X-CloudTasks-TaskPreviousResponse"] == "503"
    assert "503" in third["X-CloudTasks-TaskRetryReason"]


def test_callers_cannot_set_the_service_headers():
    """Headers that belong to the service are dropped, other ones pass; a body gets a content type."""
    setup = EngineSetup()
    mine = {"x-cloudtasks-queuename": "forged", "User-Agent": "me", "Host": "elsewhere", "X-Mine": "1"}
    setup.engine.create_task(QUEUE, Target("https://worker.test/", headers=mine, body=b"x"))

    setup.engine.drain()

    headers = setup.worker.requests[0].headers
    assert headers["X-CloudTasks-QueueName"] == "sync"
    assert headers["User-Agent"] == "Google-Cloud-Tasks"
    assert headers["X-Mine"] == "1"
    assert headers["Content-Type"] == "application/octet-stream"
    assert not {"Host", "x-cloudtasks-queuename"} & set(headers)
