"""Webhooks to the tenant's own system: where, of what, how they go, and what is sent again (owners)."""

import functions_framework
from flask import Request, Response

from common.api import webhooks as api
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import path_id
from common.api.owner_routes import OwnerRouting
from common.api.routes import owner
from common.flows.webhooks.deliver import ReplayDeliveries, replay_deliveries
from common.flows.webhooks.endpoints import (
    AddWebhook,
    ChangeWebhook,
    RotateWebhookSecret,
    add_webhook,
    change_webhook,
    rotate_webhook_secret,
)
from common.wiring import installation, ports


def _remove(call: Call) -> Reply:
    ports().webhooks.delete(call.staff.tenant, path_id(call.path["hook"]))
    return Reply(status=204)


to, ONE, SHOWN, NEW = OwnerRouting(ports), "/<hook>", api.hook_view, api.registered_view
COUNT = api.queued_view
ROUTES = (
    to.by("POST", "/", AddWebhook, add_webhook, body=api.NewHook, view=NEW, status=201),
    to.listed("/", "hooks", lambda outside: outside.lists.hooks, SHOWN),
    to.shown(ONE, api.one_view),
    to.by("PATCH", ONE, ChangeWebhook, change_webhook, body=api.HookPatch, view=SHOWN),
    owner("DELETE", ONE, _remove),
    to.by(
        "POST", f"{ONE}/secret", RotateWebhookSecret, rotate_webhook_secret, body=api.RotateRequest, view=NEW
    ),
    to.listed(f"{ONE}/deliveries", "deliveries", api.deliveries, api.delivery_view),
    to.by(
        "POST",
        f"{ONE}/replay",
        ReplayDeliveries,
        replay_deliveries,
        body=api.ReplayRequest,
        view=COUNT,
        status=202,
    ),
    to.by(
        "POST",
        f"{ONE}/deliveries/<delivery>/replay",
        ReplayDeliveries,
        replay_deliveries,
        view=COUNT,
        status=202,
    ),
)
APP = Function("hooks", ROUTES, installation)


@functions_framework.http
def hooks(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
