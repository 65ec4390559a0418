"""The kinds of fields that answers are made of, each with an example."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.api import catalogue, connections

Id = Annotated[str, Field(examples=["Zk3vY0m9Tq2bW8rXc5LhNd"])]
Name = Annotated[str, Field(examples=["anna"])]
Line = Annotated[str, Field(examples=["Anna Meier"])]
Email = Annotated[str, Field(examples=["zoe@example.com"])]
Zone = Annotated[str, Field(examples=["Europe/Zurich"])]
Moment = Annotated[datetime, Field(examples=["2027-03-15T09:00:00+01:00"])]
Opaque = Annotated[str, Field(examples=["eyJhZnRlciI6IjE3In0"])]
Key = connections.Key
Wall = catalogue.WallText
Yes = Annotated[bool, Field(examples=[True])]
Count = Annotated[int, Field(ge=0)]


class Answer(BaseModel):
    """An answer of the API; every field is always there."""

    model_config = ConfigDict(frozen=True)


def one_of(example: Any, says: str = "") -> Any:
    """A field with its own example."""
    return Field(examples=[example], description=says or None)
