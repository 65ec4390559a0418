from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import google.auth.transport.requests
import google.oauth2.id_token
import grpc
import jwt
import pytest
import requests
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from werkzeug.wrappers import Request, Response

from local.cloud_tasks.clock import SystemClock
from local.cloud_tasks.dispatchers import HttpDispatcher, WsgiDispatcher, retry_after
from local.cloud_tasks.engine import Engine
from local.cloud_tasks.faults import ScriptedFaults
from local.cloud_tasks.model import NO_ANSWER, Answer, HttpRequest, OidcToken, Target
from local.cloud_tasks.server import TasksServer, queues_from
from local.issuer import GOOGLE_ISSUER, Issuer
from local.server import serve
from tests.local.cloud_tasks.engine_setup import QUEUE, START, EngineSetup, task

EMAIL = "tasks@p.iam.gserviceaccount.com"


class Receiver:
    """An HTTP worker that records its requests and can be waited for."""

    def __init__(self, statuses):
        self.statuses = list(statuses)
        self.requests = []
        self.served = threading.Semaphore(0)

    def __call__(self, environ, start_response):
        request = Request(environ)
        self.requests.append((request.method, request.path, dict(request.headers), request.get_data()))
        status = self.statuses.pop(0) if self.statuses else 200
        answer = Response(status=status)(environ, start_response)
        self.served.release()
        return answer

    def wait(self, count):
        """Block until so many requests were answered."""
        for _ in range(count):
            assert self.served.acquire(timeout=10)


def system_engine(sender, **settings):
    """An engine in real time with one queue with short backoffs."""
    queues = {"sync": {"min_backoff": 0.05, "max_backoff": 0.1, **settings}}
    return Engine(
        sender, clock=SystemClock(), queues=queues_from(queues, project="p", location="europe-west1")
    )


def test_workers_dispatch_over_http_and_retry():
    """In real time a task created by the client reaches an HTTP worker, and again after a failure."""
    receiver = Receiver([500])
    sender = HttpDispatcher()
    engine = system_engine(sender)
    with serve(receiver) as worker, TasksServer(engine, workers=2) as running:
        with grpc.insecure_channel(running.grpc_target) as channel:
            client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
            request = {"url": f"{worker.base_url}/run?x=1", "body": b"hello"}
            client.create_task(parent=QUEUE, task={"name": task("one"), "http_request": request})
        receiver.wait(2)
    sender.close()

    method, path, headers, body = receiver.requests[1]
    assert (method, path, body) == ("POST", "/run", b"hello")
    assert headers["X-Cloudtasks-Taskname"] == "one"
    assert headers["X-Cloudtasks-Taskretrycount"] == "1"
    assert headers["X-Cloudtasks-Taskpreviousresponse"] == "500"
    assert headers["User-Agent"] == "Google-Cloud-Tasks"


def test_scheduled_task_waits_in_real_time():
    """A task that is scheduled for later is not dispatched before that."""
    receiver = Receiver([])
    sender = HttpDispatcher()
    engine = system_engine(sender)
    due = datetime.now(UTC) + timedelta(seconds=0.2)
    with serve(receiver) as worker, TasksServer(engine, workers=1):
        engine.create_task(QUEUE, Target(f"{worker.base_url}/"), schedule_time=due)
        receiver.wait(1)
        served_at = datetime.now(UTC)
    sender.close()

    assert due <= served_at < due + timedelta(seconds=2)


def test_http_dispatcher_reports_missing_answers_redirects_and_retry_after():
    """No listener or an exceeded deadline is no answer; redirects are not followed; Retry-After is read."""
    late = threading.Event()

    @Request.application
    def worker(request):
        if request.path == "/moved":
            return Response(status=302, headers={"Location": "/elsewhere"})
        if request.path == "/slow":
            late.wait(5)
        return Response(status=503, headers={"Retry-After": "7"})

    def ask(url, seconds=5.0):
        return sender(HttpRequest("POST", url, {}, b"", timedelta(seconds=seconds)))

    sender = HttpDispatcher()
    with serve(worker) as served:
        moved = ask(f"{served.base_url}/moved")
        busy = ask(served.base_url)
        slow = ask(f"{served.base_url}/slow", 0.1)
        late.set()
    no_listener = ask(served.base_url)
    sender.close()

    assert moved.status == 302
    assert busy == Answer(503, timedelta(seconds=7))
    assert slow == no_listener == Answer(NO_ANSWER)


def test_retry_after_in_every_form():
    """Seconds and dates are read; any other value counts as absent."""
    assert retry_after("5", START) == timedelta(seconds=5)
    assert retry_after("Mon, 02 Mar 2026 08:01:00 GMT", START) == timedelta(minutes=1)
    assert retry_after("Mon, 02 Mar 2026 07:00:00 GMT", START) == timedelta(0)
    assert retry_after("tomorrow", START) is None
    assert retry_after(None, START) is None


def test_wsgi_dispatcher_calls_the_app_in_the_same_thread():
    """A WSGI app can be the worker of a drain, without any socket."""
    seen = []

    @Request.application
    def app(request):
        seen.append((threading.current_thread().name, request.method, request.path, request.get_data()))
        seen.append((request.headers["X-CloudTasks-TaskName"], request.args["x"]))
        return Response(status=204)

    setup = EngineSetup()
    setup.engine._dispatcher = WsgiDispatcher(app)
    setup.engine.create_task(QUEUE, Target("https://functions.test/export?x=1", body=b"hi"), name=task("one"))

    setup.engine.drain()

    assert seen == [(threading.current_thread().name, "POST", "/export", b"hi"), ("one", "1")]
    assert setup.engine.pending() == []


@pytest.mark.parametrize(
    ("given", "audience"), [("", "https://worker.test/run?x=1"), ("https://aud.test", "https://aud.test")]
)
def test_oidc_token_of_a_dispatch(given, audience):
    """A dispatch carries an ID token of the account for the URL or the given audience."""
    issuer = Issuer()
    setup = EngineSetup(tokens=issuer.service_token)
    setup.clock.advance_to(datetime.now(UTC))
    target = Target("https://worker.test/run?x=1", oidc=OidcToken(EMAIL, given))
    setup.engine.create_task(QUEUE, target)

    setup.engine.drain()

    kind, _, token = setup.worker.requests[0].headers["Authorization"].partition(" ")
    key = jwt.PyJWKSet.from_dict(issuer.jwks())[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=GOOGLE_ISSUER)
    assert kind == "Bearer"
    assert (claims["email"], claims["email_verified"]) == (EMAIL, True)
    assert claims["exp"] - claims["iat"] == 3600


def test_googles_library_verifies_the_token_against_the_served_keys():
    """google.oauth2 accepts a dispatch's token with the keys that the server itself publishes."""
    issuer = Issuer()
    setup = EngineSetup(tokens=issuer.service_token)
    setup.clock.advance_to(datetime.now(UTC))
    setup.engine.create_task(QUEUE, Target("https://worker.test/", oidc=OidcToken(EMAIL)))
    setup.engine.drain()
    token = setup.worker.requests[0].headers["Authorization"].partition(" ")[2]

    with TasksServer(setup.engine, issuer=issuer) as running, requests.Session() as session:
        issuer.url = running.base_url
        claims = google.oauth2.id_token.verify_token(
            token,
            google.auth.transport.requests.Request(session),
            audience="https://worker.test/",
            certs_url=f"{running.base_url}/jwks.json",
        )

    assert claims["iss"] == GOOGLE_ISSUER


def test_control_api_shows_queues_tasks_and_dead_tasks(running, setup):
    """Pending tasks, counters, dead tasks and the log can be read as JSON; bodies only if asked for."""
    setup.engine.update_queue(
        QUEUE, queues_from({QUEUE: {"max_attempts": 1}}, project="", location="")[QUEUE]
    )
    setup.worker.script = [500]
    setup.add("dead")
    setup.engine.drain()
    setup.add("waiting")

    def read(what):
        return requests.get(f"{running.base_url}/_sim/{what}", timeout=5).json()

    (queue,) = read("queues")
    (shown,) = read("tasks?queue=sync")
    (full,) = read("tasks?view=full")
    assert (queue["pending"], queue["counters"]["created"], queue["counters"]["dead"]) == (1, 2, 1)
    assert (shown["name"], shown["last_status"], "body" in shown) == (task("waiting"), None, False)
    assert json.loads(full["body"]) == {"id": 1}
    assert read("tasks?queue=other") == []
    assert [(dead["name"], dead["reason"], dead["last_status"]) for dead in read("dead")] == [
        (task("dead"), "attempts exhausted", 500)
    ]
    assert [line["status"] for line in read("log")] == [500]
    assert requests.get(f"{running.base_url}/_sim/else", timeout=5).status_code == 404


def test_control_api_injects_faults(running, setup):
    """Refusals, delays and duplicates can be scripted over HTTP."""
    assert isinstance(setup.engine.faults, ScriptedFaults)
    faults = {"refusals": ["NOT_STORED"], "delays": [1.5], "duplicates": [2]}

    answer = requests.post(f"{running.base_url}/_sim/faults", json=faults, timeout=5)

    assert answer.status_code == 204
    assert [refusal.name for refusal in setup.engine.faults.refusals] == ["NOT_STORED"]
    assert setup.engine.faults.delays == [timedelta(seconds=1.5)]
    assert setup.engine.faults.duplicates == [2]


def test_command_serves_until_it_is_terminated(tmp_path):
    """``python -m local.cloud_tasks`` prints its addresses, serves the given queues, and ends on SIGTERM."""
    queues = tmp_path / "queues.json"
    queues.write_text('{"sync": {"max_dispatches_per_second": 5}}')
    command = [sys.executable, "-m", "local.cloud_tasks", "--queues", str(queues), "--project", "p"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = [process.stdout.readline().strip() for _ in range(4)]
            shown = requests.get(f"{lines[1]}{QUEUE}", timeout=5).json()
        finally:
            process.send_signal(signal.SIGTERM)
        ended = process.wait(timeout=10)

    assert lines[0].startswith("gRPC 127.0.0.1:")
    assert shown["rateLimits"]["maxDispatchesPerSecond"] == 5
    assert ended == 0
