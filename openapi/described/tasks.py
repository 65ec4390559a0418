"""What every private function answers to a task."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from common.api.models import Model
from common.domain.shared.tasks import Lane
from openapi.fields import Answer, one_of
from openapi.operation import Operation
from openapi.problems import PROVIDER


class TaskBody(Model):
    """A task of this installation; callers outside have no business here."""

    v: Literal[1]
    payload: Annotated[dict[str, Any], one_of({"tenant": "salon"})]
    lane: Lane = Lane.SYNC
    attempt: int = 0


class Outcome(Answer):
    """What became of a task."""

    outcome: Literal["done", "stopped", "again", "buried"]


class CodedOutcome(Outcome):
    """The same with the reason."""

    code: Annotated[str, one_of("provider_unavailable")]


def task(function: str, summary: str) -> tuple[Operation, ...]:
    """The one operation of a private function."""
    words = function.split("_")
    return (
        Operation(
            "POST /",
            "run" + "".join(word.capitalize() for word in words),
            summary,
            {200: CodedOutcome | Outcome},
            body=TaskBody,
            errors=(*PROVIDER, "unreadable_task", "unknown_schema"),
        ),
    )
