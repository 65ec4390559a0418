"""Uses a task queue outside of the local stack: creates our queues there, and enqueues the scheduled jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import grpc
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from common.config import Config
from common.domain.shared.tasks import Lane, Task, Work
from common.errors import StoreUnavailable
from common.ports.machine import TaskQueue
from local.issuer import Issuer
from local.scheduler import Job, Scheduler

_TIMEOUT = 10.0


def make_queues(config: Config, names: Mapping[str, object]) -> None:
    """Create the queues that do not exist there yet.

    Raises:
        OSError: No Cloud Tasks API answers there.
    """
    tasks = config.tasks
    parent = f"projects/{tasks.project}/locations/{tasks.location}"
    with grpc.insecure_channel(tasks.grpc_host) as channel:
        client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        for name in names:
            queue = tasks_v2.Queue(name=f"{parent}/queues/{name}")
            try:
                client.create_queue(parent=parent, queue=queue, timeout=_TIMEOUT, retry=None)
            except exceptions.AlreadyExists:
                continue
            except exceptions.GoogleAPIError as error:
                raise OSError(
                    f"CLOUD_TASKS_EMULATOR_HOST is {tasks.grpc_host}, which makes no queue: {error}"
                ) from error


class QueuedScheduler(Scheduler):
    """Enqueues each job as a task, because tokens of our scheduler are not accepted there."""

    def __init__(self, url: str, issuer: Issuer, jobs: Sequence[Job], *, queue: TaskQueue) -> None:
        """Enqueue into ``queue``."""
        super().__init__(url, issuer, jobs)
        self._queue = queue

    def post(self, job: Job) -> int:
        """Enqueue one job now: 200, 409 if it is queued already, 0 if the queue did not accept it."""
        task = Task(work=Work.MAINTENANCE, lane=Lane.UPKEEP, payload={"job": job.name})
        try:
            return 200 if self._queue.enqueue(task) else 409
        except StoreUnavailable:
            return 0
