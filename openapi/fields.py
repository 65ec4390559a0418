"""Field types of the answers, each with an example for the documents."""

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
WallTimes = catalogue.WallText
TrueFlag = Annotated[bool, Field(examples=[True])]
Count = Annotated[int, Field(ge=0)]


class Answer(BaseModel):
    """The base of all answers of the API; an answer always contains all its fields."""

    model_config = ConfigDict(frozen=True)


def example_field(example: Any, description: str = "") -> Any:
    """A pydantic field with this example, and a description if there is one."""
    return Field(examples=[example], description=description or None)
