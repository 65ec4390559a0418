"""Operations and answers of the function ``webhook_graph``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from common.api.models import Model
from openapi.operation import Operation, Response

SUMMARY = "Receives Microsoft Graph's notifications."


class Proof(Model):
    """What is asked while a subscription is being made or changed."""

    token: Annotated[str | None, Field(max_length=2048, alias="validationToken")] = None


OPERATIONS = (
    Operation(
        "POST /",
        "receiveGraphNotifications",
        "A batch of notifications, or a proof of the address",
        {202: None, 200: Response(str, "The validation token.", "text/plain", (), "Validation: Testing")},
        query=Proof,
        errors=("malformed_json", "bad_validation_token", "no_notifications"),
        description="Forged items are answered alike."
        " With `validationToken` in the query, the token is repeated.",
    ),
)
