"""Posts the maintenance jobs at their intervals with a service account's OIDC token, like Cloud Scheduler."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from common.domain.shared.tasks import Lane
from common.tasks.message import SCHEMA
from local.environment import DEPLOYMENT, SCHEDULER_ACCOUNT
from local.issuer import Issuer

_TIMEOUT = urllib3.Timeout(connect=5, read=120)
_STOP_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the maintenance function, and how often it runs."""

    name: str
    every: timedelta

    def body(self) -> bytes:
        """The request body, in the form of a task."""
        whole: dict[str, Any] = {"v": SCHEMA, "lane": Lane.UPKEEP.value, "payload": {"job": self.name}}
        return json.dumps(whole).encode()


def jobs() -> tuple[Job, ...]:
    """The jobs and intervals of ``terraform/jobs.json``, which Terraform deploys as well."""
    listed = json.loads((DEPLOYMENT / "jobs.json").read_text())
    return tuple(Job(name, _interval(job["schedule"])) for name, job in listed.items())


def _interval(schedule: str) -> timedelta:
    first, _, rest = schedule.partition(" ")
    every = first.removeprefix("*").removeprefix("/") or "1"
    if rest != "* * * *" or not every.isdecimal():
        raise ValueError(f"only minutes are understood here, not {schedule}")
    return timedelta(minutes=int(every))


class Scheduler:
    """A thread that posts each job when it is due; the first time one interval after the start."""

    def __init__(self, url: str, issuer: Issuer, jobs: Sequence[Job]) -> None:
        """Post to ``url``, the maintenance function's address, which is also the tokens' audience."""
        self._url = url
        self._issuer = issuer
        self._jobs = jobs
        self._stopping = threading.Event()
        self._pool = urllib3.PoolManager(retries=False)
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop posting; a request under way is not interrupted."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)
        self._pool.clear()

    def post(self, job: Job) -> int:
        """Run one job now and return the HTTP status of the answer, 0 if there was none."""
        token = self._issuer.service_token(email=SCHEDULER_ACCOUNT, audience=self._url, now=datetime.now(UTC))
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "X-CloudScheduler-JobName": job.name,
        }
        try:
            return self._pool.request(
                "POST", self._url, body=job.body(), headers=headers, timeout=_TIMEOUT, redirect=False
            ).status
        except urllib3.exceptions.HTTPError:
            return 0

    def _run(self) -> None:
        due = {job: datetime.now(UTC) + job.every for job in self._jobs}
        while due:
            job = min(due, key=due.__getitem__)
            if self._stopping.wait(max(0.0, (due[job] - datetime.now(UTC)).total_seconds())):
                return
            self.post(job)
            due[job] = datetime.now(UTC) + job.every
