from __future__ import annotations

import itertools
from datetime import timedelta
from random import Random

import pytest

from local.cloud_tasks.engine import NotDrained
from local.cloud_tasks.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)
from local.cloud_tasks.faults import RandomFaults, Refusal, ScriptedFaults
from local.cloud_tasks.model import (
    NO_ANSWER,
    Answer,
    HttpRequest,
    OidcToken,
    QueueSettings,
    RateLimits,
    RetryPolicy,
    ServiceLimits,
    Target,
)
from tests.local.cloud_tasks.world import QUEUE, START, TARGET, World, numbered, task

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_task_runs_at_its_schedule_time_and_not_before():
    """A drain moves the clock to the schedule time; a run that ends earlier leaves the task alone."""
    world = World()
    world.add("later", after=timedelta(hours=2))

    early = world.engine.run_until(START + HOUR)
    late = world.engine.run_until(START + 3 * HOUR)

    assert (early, late) == (0, 1)
    assert world.worker.seconds() == [7200.0]
    assert world.clock.now() == START + 3 * HOUR


def test_schedule_time_in_the_past_means_now():
    """A task whose schedule time is over runs at once."""
    world = World()
    world.add("old", after=-DAY)

    shown = world.engine.get_task(task("old")).schedule_time
    world.engine.drain()

    assert shown == START
    assert world.worker.seconds() == [0.0]


def test_schedule_time_is_at_most_thirty_days_ahead():
    """Thirty days ahead is accepted, a second more is INVALID_ARGUMENT."""
    world = World()
    world.add("edge", after=30 * DAY)

    with pytest.raises(InvalidArgument):
        world.add("beyond", after=30 * DAY + SECOND)


def test_name_is_blocked_while_the_task_is_pending():
    """A second task of the same name is ALREADY_EXISTS."""
    world = World()
    world.add("once")

    with pytest.raises(AlreadyExists):
        world.add("once")


@pytest.mark.parametrize("ending", ["ran", "deleted", "given up", "purged"])
def test_name_stays_blocked_for_a_day_after_the_task_ended(ending):
    """However a task ends, its name can be used again only after 24 hours."""
    world = World(retry=RetryPolicy(max_attempts=1))
    world.worker.script = [500 if ending == "given up" else 200]
    world.add("once")
    if ending == "deleted":
        world.engine.delete_task(task("once"))
    elif ending == "purged":
        world.engine.purge_queue(QUEUE)
    world.engine.drain()

    world.clock.advance_to(START + DAY - SECOND)
    with pytest.raises(AlreadyExists):
        world.add("once")
    world.clock.advance_to(START + DAY)
    world.add("once")

    assert [task("once")] == [pending.name for pending in world.engine.pending()]
    assert world.engine.counters(QUEUE).duplicates_refused == 1


def test_unnamed_tasks_get_names_of_their_own():
    """A task without a name gets a generated one."""
    world = World()

    names = {world.engine.create_task(QUEUE, TARGET).name for _ in range(20)}

    assert len(names) == 20


@pytest.mark.parametrize(
    "name", ["x", f"{QUEUE}/tasks/a.b", f"{QUEUE}/tasks/", f"{QUEUE}2/tasks/ok", f"{QUEUE}/tasks/{'a' * 501}"]
)
def test_malformed_or_foreign_names_are_refused(name):
    """A task's name must be well formed and belong to the queue it is created in."""
    with pytest.raises(InvalidArgument):
        World().engine.create_task(QUEUE, TARGET, name=name)


def test_unknown_queue_and_ended_task_are_not_found():
    """Creating in an unknown queue, and reading or deleting an ended task, are NOT_FOUND."""
    world = World()
    world.add("done")
    world.engine.drain()

    with pytest.raises(NotFound):
        world.engine.create_task(f"{QUEUE}-unknown", TARGET)
    with pytest.raises(NotFound):
        world.engine.get_task(task("done"))
    with pytest.raises(NotFound):
        world.engine.delete_task(task("done"))


def test_deleted_queue_name_is_blocked_for_three_days():
    """A queue's name cannot be used again for three days after the queue was deleted."""
    world = World()
    world.engine.delete_queue(QUEUE)

    world.clock.advance_to(START + 3 * DAY - SECOND)
    with pytest.raises(FailedPrecondition):
        world.engine.create_queue(QUEUE)
    world.clock.advance_to(START + 3 * DAY)

    assert world.engine.create_queue(QUEUE).name == QUEUE


def test_only_2xx_ends_a_task():
    """Redirects, client errors, server errors and silence are all tried again."""
    world = World()
    world.worker.script = [302, 404, 500, NO_ANSWER, 204]
    world.add("stubborn")

    world.engine.drain()

    assert len(world.worker.requests) == 5
    assert world.engine.pending() == []
    assert world.engine.counters(QUEUE).failed == 4


def test_backoff_doubles_then_grows_linearly_then_stays():
    """The pauses are those of the API's own example: 10, 20, 40, 80, 160, 240, 300, 300 seconds."""
    retry = RetryPolicy(min_backoff=10 * SECOND, max_backoff=300 * SECOND, max_doublings=3, max_attempts=9)
    world = World(retry=retry)
    world.worker.script = [500] * 9
    world.add("slow")

    world.engine.drain()

    moments = world.worker.seconds()
    assert [later - earlier for earlier, later in itertools.pairwise(moments)] == [
        10,
        20,
        40,
        80,
        160,
        240,
        300,
        300,
    ]


def test_task_is_given_up_when_attempts_are_used_up():
    """After max_attempts the task is gone and stands in the list of dead tasks."""
    world = World(retry=RetryPolicy(max_attempts=3))
    world.worker.script = [500] * 3
    world.add("hopeless")

    world.engine.drain()

    assert [(task("hopeless"), 500)] == [(dead.task.name, dead.last_status) for dead in world.engine.dead]
    assert world.engine.pending() == []
    assert world.engine.counters(QUEUE).dead == 1


def test_both_limits_must_be_reached_before_a_task_is_given_up():
    """With max_attempts and max_retry_duration set, retries go on until both are reached."""
    retry = RetryPolicy(
        max_attempts=2,
        max_retry_duration=10 * SECOND,
        min_backoff=3 * SECOND,
        max_backoff=3 * SECOND,
    )
    world = World(retry=retry)
    world.worker.script = [500] * 9
    world.add("hopeless")

    world.engine.drain()

    assert world.worker.seconds() == [0, 3, 6, 9, 12]


def test_without_limits_a_task_is_retried_until_the_retention_ends():
    """max_attempts -1 and no duration: retries go on for 31 days."""
    retry = RetryPolicy(max_attempts=-1, min_backoff=HOUR, max_backoff=24 * HOUR)
    world = World(retry=retry)
    world.worker.script = [500] * 100
    world.add("undying")

    world.engine.drain()

    assert world.engine.dead[0].reason == "retention over"
    assert world.clock.now() >= START + 31 * DAY


def test_rate_limit_spaces_dispatches_after_the_burst():
    """At 2 a second with a burst of 3, three tasks go at once and the others every half second."""
    world = World(rate=RateLimits(max_dispatches_per_second=2, max_burst_size=3))
    world.add(*numbered(6))

    world.engine.drain()

    assert world.worker.seconds() == [0, 0, 0, 0.5, 1.0, 1.5]


def test_no_more_than_max_concurrent_dispatches_are_under_way():
    """With a limit of two, a third attempt starts only when one has ended."""
    world = World(rate=RateLimits(max_concurrent_dispatches=2))
    world.add(*numbered(3))

    first, second = world.engine.take(), world.engine.take()
    while_two_run = world.engine.take()
    assert first is not None
    world.engine.deliver(first)
    third = world.engine.take()

    assert second is not None
    assert while_two_run is None
    assert third is not None


@pytest.mark.parametrize("status", [429, 503])
def test_overload_answers_throttle_the_queue(status):
    """429 and 503 halve the queue's rate each time; successes give it back."""
    world = World(rate=RateLimits(max_dispatches_per_second=1, max_burst_size=1))
    world.worker.script = [status, status]
    world.add(*numbered(4))

    world.engine.run_until(START + timedelta(seconds=7))

    assert world.worker.seconds() == [0, 2, 6]
    assert world.engine.counters(QUEUE).throttled == 2


def test_throttled_queue_recovers_with_successes():
    """After one overload answer the first success brings back the full rate."""
    world = World(rate=RateLimits(max_dispatches_per_second=1, max_burst_size=1))
    world.worker.script = [429]
    world.add(*numbered(4))

    world.engine.drain()

    assert world.worker.seconds() == [0, 2, 3, 4, 5]


def test_retry_after_is_respected():
    """A worker that names a pause gets it, when it is longer than the backoff."""
    world = World()
    world.worker.script = [Answer(503, retry_after=30 * SECOND)]
    world.add("patient")

    world.engine.drain()

    assert world.worker.seconds() == [0, 30]


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


def test_paused_queue_accepts_but_does_not_dispatch():
    """Tasks can be added to a paused queue; they go when it is resumed."""
    world = World()
    world.engine.pause_queue(QUEUE)
    world.add("held")

    paused = world.engine.drain()
    world.engine.resume_queue(QUEUE)
    resumed = world.engine.drain()

    assert (paused, resumed) == (0, 1)


def test_run_task_ignores_pause_and_schedule():
    """RunTask dispatches a future task of a paused queue now; a failure schedules it by the backoff."""
    world = World()
    world.add("forced", after=HOUR)
    world.engine.pause_queue(QUEUE)
    world.worker.script = [500]

    world.engine.run_task(task("forced"))
    world.engine.drain()

    assert world.worker.seconds() == [0]
    assert START + timedelta(milliseconds=100) == world.engine.get_task(task("forced")).schedule_time


def test_deleting_a_running_task_stops_its_retries():
    """A task that is deleted while an attempt is under way is not tried again."""
    world = World()
    world.add("doomed")
    delivery = world.engine.take()
    assert delivery is not None

    world.engine.delete_task(task("doomed"))
    world.engine.settle(delivery, 500)

    assert world.engine.drain() == 0


def test_tasks_created_by_a_task_run_in_the_same_drain():
    """A worker may create further tasks; the drain goes on until nothing is left."""
    world = World()
    left = [3]

    def worker(request: HttpRequest) -> int:
        if left[0]:
            left[0] -= 1
            world.engine.create_task(QUEUE, Target(request.url), schedule_time=world.clock.now() + SECOND)
        return 200

    world.engine._dispatcher = worker
    world.engine.create_task(QUEUE, TARGET)

    assert world.engine.drain() == 4
    assert world.clock.now() == START + 3 * SECOND


def test_drain_ends_when_tasks_never_do():
    """A task that always fails makes the drain give up after the allowed number of dispatches."""
    world = World()
    world.worker.script = [500] * 100
    world.add("endless")

    with pytest.raises(NotDrained, match="endless"):
        world.engine.drain(most=20)


def test_drain_within_a_time_leaves_the_rest():
    """A drain can be limited to what falls due soon."""
    world = World()
    world.add("soon", after=SECOND)
    world.add("later", after=DAY)

    world.engine.drain(within=HOUR)

    assert world.worker.names() == ["soon"]


def test_error_of_a_worker_reaches_the_test_and_counts_as_no_answer():
    """A dispatcher that raises lets the error through; the task is tried again."""
    world = World()

    def worker(_request: HttpRequest) -> int:
        raise LookupError

    world.engine._dispatcher = worker
    world.add("broken")

    with pytest.raises(LookupError):
        world.engine.drain()
    assert world.engine.get_task(task("broken")).dispatch_count == 1


def test_task_settings_override_the_queue():
    """A task's own retry config replaces the queue's."""
    world = World()
    world.worker.script = [500] * 5
    world.engine.create_task(QUEUE, TARGET, retry=RetryPolicy(max_attempts=2))

    world.engine.drain()

    assert len(world.worker.requests) == 2


def test_ordered_duplicates_deliver_again_after_success():
    """A scripted duplicate delivers a successful task once more, under the same name."""
    faults = ScriptedFaults()
    faults.duplicates = [1]
    world = World(faults=faults)
    world.add("twice", "once")

    world.engine.drain()

    assert sorted(world.worker.names()) == ["once", "twice", "twice"]
    assert world.engine.pending() == []


def test_ordered_refusals_store_or_do_not_store():
    """Refusals raise UNAVAILABLE or RESOURCE_EXHAUSTED; after one kind the task exists all the same."""
    faults = ScriptedFaults()
    faults.refusals = [Refusal.NOT_STORED, Refusal.STORED_ANYWAY, Refusal.OVER_QUOTA]
    world = World(faults=faults)

    with pytest.raises(Unavailable):
        world.add("lost")
    with pytest.raises(Unavailable):
        world.add("kept")
    with pytest.raises(ResourceExhausted):
        world.add("too-many")

    assert [task("kept")] == [pending.name for pending in world.engine.pending()]


def test_ordered_delays_dispatch_late():
    """A scripted delay postpones the dispatch; the schedule time that the worker reads stays."""
    faults = ScriptedFaults()
    faults.delays = [timedelta(minutes=3)]
    world = World(faults=faults)
    world.add("late")

    world.engine.drain()

    assert world.worker.seconds() == [180]
    assert f"{START.timestamp():.6f}" == world.worker.requests[0].headers["X-CloudTasks-TaskETA"]


def test_random_faults_keep_the_promise_of_at_least_once():
    """Under shuffling, duplicates, delays and lost answers every stored task is delivered at least once."""
    faults = RandomFaults(Random(7), refuse=0.3, duplicate=0.3, late=0.3)
    world = World(faults=faults)
    for task_id in numbered(50):
        try:
            world.add(task_id)
        except (Unavailable, ResourceExhausted):
            continue
    stored = {pending.name for pending in world.engine.pending()}

    world.engine.drain()

    assert stored == {task(task_id) for task_id in world.worker.names()}
    assert len(world.worker.names()) > len(stored)
    assert sorted(world.worker.names()) != world.worker.names()


def test_log_holds_ids_and_outcomes():
    """Every dispatch leaves a line with task, attempt and status."""
    world = World()
    world.worker.script = [500]
    world.add("logged")

    world.engine.drain()

    assert [(line.attempt, line.status) for line in world.engine.log] == [(1, 500), (2, 200)]


def test_settings_are_read_from_flat_json():
    """Queue settings come as the API's own words; durations in seconds; an unknown word is an error."""
    settings = QueueSettings.from_mapping(
        {"max_dispatches_per_second": 5, "max_attempts": -1, "min_backoff": "0.5s", "max_backoff": 10}
    )

    assert (5.0, -1, timedelta(seconds=0.5), 10 * SECOND) == (
        settings.rate.max_dispatches_per_second,
        settings.retry.max_attempts,
        settings.retry.min_backoff,
        settings.retry.max_backoff,
    )
    with pytest.raises(KeyError, match="max_tries"):
        QueueSettings.from_mapping({"max_tries": 3})


@pytest.mark.parametrize(
    "settings",
    [
        {"max_dispatches_per_second": 501},
        {"max_concurrent_dispatches": 5001},
        {"max_attempts": 0},
        {"min_backoff": 9, "max_backoff": 8},
    ],
)
def test_settings_outside_the_service_limits_are_refused(settings):
    """Queues cannot be configured beyond what the service offers."""
    with pytest.raises(InvalidArgument):
        World().engine.update_queue(QUEUE, QueueSettings.from_mapping(settings))
