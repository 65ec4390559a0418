"""Cloud Tasks over its REST API: the queue of the webhooks, which must start fast.

See https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC

from common.config import Config
from common.domain.shared.tasks import Task
from common.errors import StoreUnavailable
from common.tasks.keep_alive import KeepAlive, NoAnswer
from common.tasks.message import DISPATCH_DEADLINE_SECONDS, TaskAddresses, TaskMessage

CONFLICT = 409
OK = 200
METADATA = "http://metadata.google.internal"
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path


class MetadataToken:
    """The function's own access token, from the metadata server, kept until shortly before it ends.

    See https://cloud.google.com/run/docs/container-contract#metadata-server.
    """

    def __init__(self, server: KeepAlive, *, seconds: Callable[[], float] = time.monotonic) -> None:
        """Ask the metadata ``server``; ``seconds`` is a monotonic clock."""
        self._server = server
        self._seconds = seconds
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def __call__(self) -> str:
        """A token that is valid for at least some seconds.

        Raises:
            StoreUnavailable: the metadata server did not give one.
        """
        with self._lock:
            if self._seconds() >= self._until:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        try:
            answer = json.loads(self._server.exchange("GET", TOKEN, {"Metadata-Flavor": "Google"}).body)
            self._token = str(answer["access_token"])
            self._until = self._seconds() + float(answer["expires_in"]) - 60
        except (NoAnswer, ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable("no access token for the task queue", code="queue_unavailable") from error


class RestTaskQueue:
    """The task queue of the webhooks; it passes the same contract tests as the official client."""

    def __init__(self, config: Config, *, token: Callable[[], str] | None = None) -> None:
        """Connect when first used; ``token`` replaces the metadata server's access token."""
        self._addresses = TaskAddresses(config)
        self._server = KeepAlive(config.tasks.rest_endpoint)
        self._token = token or MetadataToken(KeepAlive(METADATA))

    def enqueue(self, task: Task) -> bool:
        """Queue a task; False when a task of this name is or was there already.

        Raises:
            StoreUnavailable: the queue did not accept it.
        """
        message = self._addresses.message(task)
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        body = json.dumps({"task": _to_api(message)}).encode()
        try:
            reply = self._server.exchange("POST", f"/v2/{message.parent}/tasks", headers, body)
        except NoAnswer as error:
            raise StoreUnavailable("the task queue could not be reached", code="queue_unavailable") from error
        if reply.status == CONFLICT:
            return False
        if reply.status != OK:
            raise StoreUnavailable("the task queue did not accept a task", code="queue_unavailable")
        return True

    def close(self) -> None:
        """Close the connections."""
        self._server.close()


def _to_api(message: TaskMessage) -> dict[str, object]:
    task: dict[str, object] = {
        "httpRequest": {
            "httpMethod": "POST",
            "url": message.url,
            "headers": {"Content-Type": "application/json"},
            "body": base64.b64encode(message.body).decode(),
            "oidcToken": {"serviceAccountEmail": message.service_account, "audience": message.audience},
        },
        "dispatchDeadline": f"{DISPATCH_DEADLINE_SECONDS}s",
    }
    if message.name:
        task["name"] = message.name
    if message.not_before:
        task["scheduleTime"] = message.not_before.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return task
