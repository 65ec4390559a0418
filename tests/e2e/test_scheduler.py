"""The local scheduler calls the maintenance function as Cloud Scheduler does."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import jwt
import pytest
from werkzeug.wrappers import Request, Response

from local.environment import SCHEDULER_ACCOUNT, queues
from local.issuer import GOOGLE_ISSUER, Issuer
from local.scheduler import Job, Scheduler, jobs
from local.server import serve


class Maintenance:
    """A maintenance function that records its requests."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], Any]] = []
        self.third = threading.Event()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.calls.append((dict(request.headers), request.get_json()))
        if len(self.calls) == 3:
            self.third.set()
        return Response(status=200)(environ, start_response)


def test_a_job_is_a_task_with_the_schedulers_token() -> None:
    """The body names the job; the token is the scheduler's, for the function as audience."""
    maintenance, issuer = Maintenance(), Issuer()
    with serve(maintenance) as served:
        scheduler = Scheduler(served.base_url, issuer, ())
        status = scheduler.post(Job("poll", timedelta(minutes=1)))
        scheduler.start()
        scheduler.close()
    headers, body = maintenance.calls[0]
    claims = jwt.decode(
        headers["Authorization"].removeprefix("Bearer "),
        issuer.keys[0].private.public_key(),
        algorithms=["RS256"],
        audience=served.base_url,
        issuer=GOOGLE_ISSUER,
    )

    assert 200 == status
    assert {"v": 1, "lane": "upkeep", "payload": {"job": "poll"}} == body
    assert (SCHEDULER_ACCOUNT, True) == (claims["email"], claims["email_verified"])


def test_due_jobs_are_posted_until_it_is_closed() -> None:
    """A job is posted again after each interval; closing stops that at once."""
    maintenance = Maintenance()
    with serve(maintenance) as served:
        scheduler = Scheduler(served.base_url, Issuer(), [Job("outbox", timedelta(milliseconds=20))])
        scheduler.start()
        came = maintenance.third.wait(10)
        scheduler.close()

    assert came
    assert {"outbox"} == {body["payload"]["job"] for _, body in maintenance.calls}


def test_an_unreachable_function_counts_as_no_answer() -> None:
    """If the function cannot be reached, the status is 0 and nothing is raised."""
    with serve(Maintenance()) as served:
        url = served.base_url
    scheduler = Scheduler(url, Issuer(), ())

    assert 0 == scheduler.post(Job("poll", timedelta(minutes=1)))


def test_the_jobs_are_those_that_are_deployed() -> None:
    """The local jobs and intervals are those of Terraform."""
    intervals = {job.name: job.every for job in jobs()}

    assert timedelta(minutes=1) == intervals["poll"]
    assert timedelta(minutes=10) == intervals["channels"]
    assert {"poll"} <= {json.loads(job.body())["payload"]["job"] for job in jobs()}


@pytest.mark.parametrize("name", ["live", "sync", "backfill", "upkeep", "hooks"])
def test_the_queues_are_those_that_are_deployed(name: str) -> None:
    """Each lane has its queue, with unlimited attempts."""
    queue = queues()[f"slotbridge-{name}"]

    assert -1 == queue["max_attempts"]
    assert queue["min_backoff"] < queue["max_backoff"]
