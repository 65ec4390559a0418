"""Operations and answers of the function ``webhook_google``."""

from __future__ import annotations

from openapi.operation import Operation

SUMMARY = "Receives Google's push messages."

OPERATIONS = (
    Operation(
        "POST /",
        "receiveGooglePush",
        "One push message",
        {204: None},
        description="Forged messages are answered alike.",
    ),
)
