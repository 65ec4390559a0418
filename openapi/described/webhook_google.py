"""What the function ``webhook_google`` answers."""

from __future__ import annotations

from openapi.operation import Operation

SUMMARY = "Receives Google's push messages."

OPERATIONS = (
    Operation(
        "POST /",
        "receiveGooglePush",
        "One push message",
        {204: None},
        says="Forged messages are answered alike.",
    ),
)
