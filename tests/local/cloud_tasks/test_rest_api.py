from __future__ import annotations

import base64
from datetime import timedelta

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksRestTransport

from local.cloud_tasks.server import TasksServer
from tests.local.cloud_tasks.engine_setup import QUEUE, START, task

HTTP = {
    "url": "https://worker.test/run",
    "httpMethod": "POST",
    "headers": {"Content-Type": "application/json"},
    "body": base64.b64encode(b'{"id": 1}').decode(),
    "oidcToken": {"serviceAccountEmail": "tasks@p.iam.gserviceaccount.com"},
}


@pytest.fixture
def call(running):
    """A function that calls the server's REST API."""
    with requests.Session() as session:

        def call(method, path, **content):
            return session.request(method, f"{running.base_url}/v2/{path}", timeout=5, **content)

        yield call


def test_create_get_and_delete(call, setup):
    """A task in camelCase JSON with a base64 body is created, dispatched as given, read and deleted."""
    named = {
        "task": {
            "name": task("one"),
            "httpRequest": HTTP,
            "scheduleTime": "2026-03-02T09:00:00Z",
            "dispatchDeadline": "30s",
        }
    }
    created = call("POST", f"{QUEUE}/tasks", json=named)
    unnamed = call("POST", f"{QUEUE}/tasks", json={"task": {"httpRequest": HTTP}})
    setup.engine.run_until(START)
    read = call("GET", task("one"), params={"responseView": "FULL"})
    deleted = call("DELETE", task("one"))

    assert created.status_code == 200
    assert created.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert created.json()["name"] == task("one")
    assert created.json()["scheduleTime"] == "2026-03-02T09:00:00Z"
    assert created.json()["dispatchDeadline"] == "30s"
    assert created.json()["httpRequest"]["oidcToken"]["audience"] == HTTP["url"]
    assert "body" not in created.json()["httpRequest"]
    assert unnamed.json()["name"].startswith(f"{QUEUE}/tasks/")
    assert setup.worker.requests[0].body == b'{"id": 1}'
    assert read.json()["httpRequest"]["body"] == HTTP["body"]
    assert (deleted.status_code, deleted.json()) == (200, {})


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        (
            "POST",
            f"{QUEUE}/tasks",
            {"task": {"name": task("used"), "httpRequest": HTTP}},
            (409, "ALREADY_EXISTS"),
        ),
        ("POST", f"{QUEUE}9/tasks", {"task": {"httpRequest": HTTP}}, (404, "NOT_FOUND")),
        ("POST", f"{QUEUE}/tasks", {"task": {}}, (400, "INVALID_ARGUMENT")),
        ("POST", f"{QUEUE}/tasks", {"job": {}}, (400, "INVALID_ARGUMENT")),
        ("POST", f"{QUEUE}/tasks", {"task": {"scheduleTime": "soon"}}, (400, "INVALID_ARGUMENT")),
        ("POST", f"{QUEUE}/tasks", [], (400, "INVALID_ARGUMENT")),
        ("GET", task("unknown"), None, (404, "NOT_FOUND")),
        ("DELETE", task("unknown"), None, (404, "NOT_FOUND")),
        ("GET", "projects", None, (404, "NOT_FOUND")),
        ("POST", f"{QUEUE}/tasks", {"task": {"appEngineHttpRequest": {}}}, (501, "UNIMPLEMENTED")),
    ],
)
def test_refusals_are_googles_error_json(call, setup, *, method, path, body, answer):
    """Each refusal has the HTTP status, and a body with code, message and status word."""
    setup.add("used")

    refused = call(method, path, json=body)

    error = refused.json()["error"]
    assert (error["code"], error["status"]) == answer
    assert refused.status_code == error["code"]
    assert error["message"]


def test_broken_json_is_a_bad_request(call):
    """A body that is not JSON is INVALID_ARGUMENT."""
    refused = call("POST", f"{QUEUE}/tasks", data=b"{")

    assert (refused.status_code, refused.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_queues_over_rest(call):
    """Queues are created, changed by mask, paused and listed in the API's JSON."""
    location = QUEUE.partition("/queues/")[0]
    name = f"{location}/queues/other"
    call("POST", f"{location}/queues", json={"name": name, "retryConfig": {"minBackoff": "2s"}})
    changed = call(
        "PATCH",
        name,
        params={"updateMask": "rateLimits.maxDispatchesPerSecond"},
        json={"rateLimits": {"maxDispatchesPerSecond": 7, "maxConcurrentDispatches": 1}},
    )
    call("POST", f"{name}:pause", json={})
    listed = call("GET", f"{location}/queues").json()["queues"]

    assert changed.json()["rateLimits"] == {
        "maxDispatchesPerSecond": 7.0,
        "maxBurstSize": 7,
        "maxConcurrentDispatches": 1000,
    }
    assert [(entry["name"], entry["state"]) for entry in listed] == [(name, "PAUSED"), (QUEUE, "RUNNING")]
    assert listed[0]["retryConfig"]["minBackoff"] == "2s"


def test_official_client_over_rest(running, setup):
    """The official client's REST transport works too."""
    transport = CloudTasksRestTransport(
        host=running.base_url.removeprefix("http://"), url_scheme="http", credentials=AnonymousCredentials()
    )
    with tasks_v2.CloudTasksClient(transport=transport) as client:
        request = {"url": "https://worker.test/run", "http_method": "PUT", "body": b"x"}
        client.create_task(
            parent=QUEUE,
            task={
                "name": task("one"),
                "http_request": request,
                "schedule_time": START + timedelta(hours=1),
            },
        )
        shown = client.get_task(name=task("one"))

    assert shown.http_request.http_method == tasks_v2.HttpMethod.PUT
    assert shown.schedule_time == START + timedelta(hours=1)
    assert [pending.name for pending in setup.engine.pending()] == [task("one")]


def test_bearer_tokens_are_checked_where_a_check_is_given(setup):
    """A server that checks tokens answers 401 to a missing or wrong one, in Google's error JSON."""
    with TasksServer(setup.engine, accepts=lambda token: token == "good") as running:

        def ask(**headers):
            return requests.get(f"{running.base_url}/v2/{QUEUE}", headers=headers, timeout=5)

        missing, wrong, good = ask(), ask(Authorization="Bearer bad"), ask(Authorization="Bearer good")

    assert [answer.status_code for answer in (missing, wrong, good)] == [401, 401, 200]
    assert missing.json()["error"]["status"] == "UNAUTHENTICATED"
