"""The control API below ``/_sim/``: reads queues, tasks and the dispatch log, and injects faults; as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from local.cloud_tasks.faults import Refusal, ScriptedFaults
from local.cloud_tasks.model import DeadTask, Task
from local.cloud_tasks.names import queue_of, short
from local.cloud_tasks.queue import Queue
from local.cloud_tasks.registry import Registry


class ControlApi:
    """The WSGI app that serves the control API."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """GET queues, tasks (``?queue=``, ``?view=full``), dead and log; POST faults."""
        request = Request(environ)
        match (request.method, request.path):
            case "GET", "/_sim/queues":
                response = _json([_queue(queue) for queue in self._registry.list_queues()])
            case "GET", "/_sim/tasks":
                response = _json(self._tasks(request))
            case "GET", "/_sim/dead":
                response = _json([_dead(dead) for dead in self._registry.dead])
            case "GET", "/_sim/log":
                response = _json([dataclasses.asdict(line) for line in self._registry.history()])
            case "POST", "/_sim/faults":
                response = self._inject_faults(request)
            case _:
                response = Response(status=404)
        return response(environ, start_response)

    def _tasks(self, request: Request) -> list[dict[str, Any]]:
        wanted = request.args.get("queue")
        full = request.args.get("view") == "full"
        tasks = self._registry.pending()
        return [_task(task, full=full) for task in tasks if wanted in {None, short(queue_of(task.name))}]

    def _inject_faults(self, request: Request) -> Response:
        faults = self._registry.faults
        if not isinstance(faults, ScriptedFaults):
            return Response("this server was started without injectable faults", status=409)
        faults_to_add = request.get_json()
        faults.refusals += [Refusal[word] for word in faults_to_add.get("refusals", [])]
        faults.delays += [timedelta(seconds=seconds) for seconds in faults_to_add.get("delays", [])]
        faults.duplicates += faults_to_add.get("duplicates", [])
        return Response(status=204)


def _queue(queue: Queue) -> dict[str, Any]:
    return {
        "name": queue.name,
        "paused": queue.paused,
        "pending": len(queue.tasks),
        "running": queue.running,
        "counters": dataclasses.asdict(queue.counters),
    }


def _task(task: Task, *, full: bool) -> dict[str, Any]:
    shown = {
        "name": task.name,
        "due": task.due,
        "dispatch_count": task.dispatch_count,
        "last_status": task.last_attempt.status if task.last_attempt else None,
        "url": task.target.url,
    }
    if full:
        shown |= {"headers": dict(task.target.headers), "body": task.target.body.decode(errors="replace")}
    return shown


def _dead(dead: DeadTask) -> dict[str, Any]:
    return _task(dead.task, full=False) | {"reason": dead.reason, "at": dead.at}


def _json(content: Any) -> Response:
    return Response(json.dumps(content, default=str, indent=1), mimetype="application/json")
