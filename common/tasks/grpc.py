"""Cloud Tasks through Google's client library: the queue of every function but the webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from google.api_core import exceptions
from google.cloud import tasks_v2

from common.config import Config
from common.domain.shared.tasks import Task
from common.errors import StoreUnavailable
from common.tasks.message import DISPATCH_DEADLINE_SECONDS, TaskAddresses, TaskMessage

if TYPE_CHECKING:
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksTransport

TIMEOUT_SECONDS = 10


class GrpcTaskQueue:
    """The task queue of every function but the webhooks."""

    def __init__(self, config: Config) -> None:
        """Connect when first used; ``CLOUD_TASKS_EMULATOR_HOST`` names a local server without TLS."""
        self._addresses = TaskAddresses(config)
        self._client = tasks_v2.CloudTasksClient(transport=_transport(config.tasks.grpc_host))

    def enqueue(self, task: Task) -> bool:
        """Queue a task; False when a task of this name is or was there already.

        Raises:
            StoreUnavailable: the queue did not accept it.
        """
        message = self._addresses.message(task)
        try:
            self._client.create_task(
                parent=message.parent, task=_to_api(message), timeout=TIMEOUT_SECONDS, retry=None
            )
        except exceptions.AlreadyExists:
            return False
        except exceptions.GoogleAPIError as error:
            raise StoreUnavailable(
                "the task queue did not accept a task", code="queue_unavailable"
            ) from error
        return True


def _transport(host: str) -> CloudTasksTransport | None:
    if not host:
        return None
    import grpc  # noqa: PLC0415 - only where a local server is used
    from google.cloud.tasks_v2.services.cloud_tasks.transports import (  # noqa: PLC0415
        CloudTasksGrpcTransport,
    )

    return CloudTasksGrpcTransport(channel=grpc.insecure_channel(host))


def _to_api(message: TaskMessage) -> tasks_v2.Task:
    task = tasks_v2.Task(
        http_request=tasks_v2.HttpRequest(
            http_method=tasks_v2.HttpMethod.POST,
            url=message.url,
            headers={"Content-Type": "application/json"},
            body=message.body,
            oidc_token=tasks_v2.OidcToken(
                service_account_email=message.service_account, audience=message.audience
            ),
        ),
        dispatch_deadline=timedelta(seconds=DISPATCH_DEADLINE_SECONDS),
    )
    if message.name:
        task.name = message.name
    if message.not_before:
        task.schedule_time = message.not_before
    return task
