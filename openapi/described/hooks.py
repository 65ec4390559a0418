"""Operations and answers of the function ``hooks``."""

from __future__ import annotations

from typing import Annotated, Any

from common.api.paging import ListQuery
from common.api.webhooks import HookPatch, NewHook, ReplayRequest, RotateRequest
from common.domain.webhooks import DeliveryState, WebhookEvent
from openapi.fields import Answer, Count, Moment, TrueFlag, example_field
from openapi.operation import Operation
from openapi.record_responses import PAGE, Page

SUMMARY = "Webhooks to the tenant's own system: where, of what, how they go, and what is sent again."
SENT = {
    "type": "booking.created",
    "timestamp": "2027-03-15T09:00:00+00:00",
    "data": {"id": "Zk3vY0m9Tq2bW8rXc5LhNd"},
}


class Hook(Answer):
    """A target; nothing of its secrets but how many sign."""

    id: Annotated[str, example_field("Ho0kT4rget")]
    url: Annotated[str, example_field("https://shop.example/hooks/slotbridge")]
    events: list[WebhookEvent]
    enabled: TrueFlag
    secrets: Annotated[Count, example_field(1)]
    created_at: Moment
    failing_since: Moment | None
    disabled_at: Moment | None


class NewHookSecret(Hook):
    """A target with its newest secret, this once."""

    secret: Annotated[str, example_field("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]


class HookList(Page):
    """All targets of the tenant."""

    hooks: list[Hook]


class Delivery(Answer):
    """One message and what became of it."""

    id: Annotated[str, example_field("msg_2b7e151628aed2a6")]
    event: WebhookEvent
    at: Moment
    state: DeliveryState
    attempts: Count
    answer: Annotated[str, example_field("200")] | None
    tried_at: Moment | None
    next_at: Moment | None
    body: Annotated[dict[str, Any], example_field(SENT)]


class DeliveryList(Page):
    """The newest messages to one target."""

    deliveries: list[Delivery]


class Queued(Answer):
    """How many messages are sent again."""

    queued: Annotated[Count, example_field(3)]


OPERATIONS = (
    Operation(
        "POST /",
        "createHook",
        "Add a target",
        {201: NewHookSecret},
        body=NewHook,
        errors=("forbidden_target", "unknown_target", "too_many_hooks"),
    ),
    Operation("GET /", "listHooks", "All targets", {200: HookList}, query=ListQuery, errors=PAGE),
    Operation("GET /<hook>", "getHook", "One target", {200: Hook}),
    Operation("PATCH /<hook>", "changeHook", "Switch a target on or off", {200: Hook}, body=HookPatch),
    Operation("DELETE /<hook>", "deleteHook", "Remove a target", {204: None}),
    Operation(
        "POST /<hook>/secret",
        "rotateHookSecret",
        "Make a new secret",
        {200: NewHookSecret},
        body=RotateRequest,
    ),
    Operation(
        "GET /<hook>/deliveries",
        "listDeliveries",
        "What was sent",
        {200: DeliveryList},
        query=ListQuery,
        errors=PAGE,
    ),
    Operation(
        "POST /<hook>/replay",
        "replayHook",
        "Send again what failed",
        {202: Queued},
        body=ReplayRequest,
        errors=("hook_disabled",),
    ),
    Operation(
        "POST /<hook>/deliveries/<delivery>/replay",
        "replayDelivery",
        "Send one message again",
        {202: Queued},
        errors=("hook_disabled",),
    ),
)
