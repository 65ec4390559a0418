"""The private functions, which work off tasks: they all have the same operation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from common.api.models import Model
from common.domain.shared.tasks import Lane
from openapi.fields import Answer, example_field
from openapi.operation import Operation
from openapi.problems import PROVIDER

SUMMARIES = {
    "delta_sync": "Brings one calendar up to date.",
    "disconnect": "Works off one chunk of a disconnection.",
    "export": "Writes one booking into a calendar, or finds out where its event went.",
    "initial_sync": "Works off one chunk of a first synchronisation.",
    "maintenance": "Upkeep, as Cloud Scheduler asks for it, and what follows from it.",
    "notify": "Tells people by mail and systems by webhook what happened.",
}
"""What each private function does, by its name."""


class TaskBody(Model):
    """A task of this installation; callers outside have no business here."""

    v: Literal[1]
    payload: Annotated[dict[str, Any], example_field({"tenant": "salon"})]
    lane: Lane = Lane.SYNC
    attempt: int = 0


class Outcome(Answer):
    """What became of a task."""

    outcome: Literal["done", "stopped", "again", "buried"]


class CodedOutcome(Outcome):
    """The same with the reason."""

    code: Annotated[str, example_field("provider_unavailable")]


def task_operation(function: str) -> Operation:
    """The one operation of a private function."""
    words = function.split("_")
    return Operation(
        "POST /",
        "run" + "".join(word.capitalize() for word in words),
        SUMMARIES[function],
        {200: CodedOutcome | Outcome},
        body=TaskBody,
        errors=(*PROVIDER, "unreadable_task", "unknown_schema"),
    )
