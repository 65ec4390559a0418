"""What is said about a route beyond what the route itself says: names, models, answers, problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common.api.http import JSON

# A pydantic model, or one of the domain's records where the answer is that record as it is.
Shape = Any


class Secret(StrEnum):
    """What proves a caller; the words are the names of the security schemes."""

    STAFF = "staff"
    MANAGEMENT = "management"
    HOLD = "hold"
    INVITATION = "invitation"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer that is more than JSON of one shape: another media type, or headers."""

    shape: Shape = None
    says: str = ""
    media: str = JSON
    headers: tuple[str, ...] = ()
    example: Any = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One route, as ``route`` names it by method and path.

    Attributes:
        route: As in the function's table: ``GET /<booking>``.
        id: Stable and unique in the whole API; clients are generated from it.
        summary: One line.
        answers: By status: a shape, None for no body, or ``Shown``.
        body: The model that reads the body.
        query: The model that reads the query.
        errors: The codes of ``openapi/problems.py`` that do not follow from the route's access and method.
        headers: The request's own headers, of those in ``openapi/parameters.py``.
        secrets: What proves the caller where it does not follow from the route's access.
        says: More, where a line is not enough.
    """

    route: str
    id: str
    summary: str
    answers: Mapping[int, Shape]
    body: Shape = None
    query: Shape = None
    errors: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    secrets: tuple[Secret | None, ...] | None = None
    says: str = ""

    @property
    def method(self) -> str:
        """GET, POST, ..."""
        return self.route.split(" ")[0]

    @property
    def path(self) -> str:
        """The path in the function's table."""
        return self.route.split(" ")[1]


def shown(answer: Shape) -> Shown:
    """An answer in its long form."""
    return answer if isinstance(answer, Shown) else Shown(answer)
