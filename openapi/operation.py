"""Describes a route beyond what the route itself contains: its name, models, answers and problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common.api.http import JSON

# A pydantic model, or a record of the domain if the answer is that record unchanged.
Shape = Any


class SecurityScheme(StrEnum):
    """How a caller authenticates; the values are the names of the security schemes in the documents."""

    STAFF = "staff"
    MANAGEMENT = "management"
    HOLD = "hold"
    INVITATION = "invitation"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Response:
    """A response with more than a JSON model: a description, another media type, headers or an example."""

    shape: Shape = None
    description: str = ""
    media: str = JSON
    headers: tuple[str, ...] = ()
    example: Any = None


@dataclass(frozen=True, slots=True)
class Operation:
    """The description of one route.

    Attributes:
        route: Method and path as in the function's table of routes: ``GET /<booking>``.
        id: The operationId: stable and unique in the whole API; clients are generated from it.
        summary: One line.
        answers: By status: a model, None for no body, or a ``Response``.
        body: The model that reads the body.
        query: The model that reads the query.
        errors: The codes of ``openapi/problems.py`` that do not follow from the route's access and method.
        headers: The request headers that it reads, of those in ``openapi/parameters.py``.
        security: How the caller authenticates, if that does not follow from the route's access.
        description: A longer text below the summary.
    """

    route: str
    id: str
    summary: str
    answers: Mapping[int, Shape]
    body: Shape = None
    query: Shape = None
    errors: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    security: tuple[SecurityScheme | None, ...] | None = None
    description: str = ""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.route.split(" ")[0]

    @property
    def path(self) -> str:
        """The path as in the function's table of routes."""
        return self.route.split(" ")[1]


def as_response(answer: Shape) -> Response:
    """The answer as a ``Response``."""
    return answer if isinstance(answer, Response) else Response(answer)
