"""Webhooks to the tenant's own system: where, of what, how they go, and what is sent again (owners)."""

import functions_framework
from flask import Request, Response

from common.api import webhooks as api
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import name
from common.api.owner_routes import OwnerRouting
from common.api.routes import owner
from common.flows.webhooks.deliver import ReplayHook, replay_hook
from common.flows.webhooks.endpoints import (
    AddHook,
    ChangeHook,
    RotateHookSecret,
    add_hook,
    change_hook,
    rotate_hook_secret,
)
from common.wiring import ports, stage


def _remove(call: Call) -> Reply:
    ports().webhooks.delete(call.staff.tenant, name(call.path["hook"]))
    return Reply(status=204)


to, ONE, SHOWN, NEW = OwnerRouting(ports), "/<hook>", api.hook_view, api.registered_view
COUNT = api.queued_view
ROUTES = (
    to.by("POST", "/", AddHook, add_hook, body=api.NewHook, view=NEW, status=201),
    to.listed("/", "hooks", lambda outside: outside.lists.hooks, SHOWN),
    to.shown(ONE, api.one_view),
    to.by("PATCH", ONE, ChangeHook, change_hook, body=api.HookPatch, view=SHOWN),
    owner("DELETE", ONE, _remove),
    to.by("POST", f"{ONE}/secret", RotateHookSecret, rotate_hook_secret, body=api.RotateRequest, view=NEW),
    to.listed(f"{ONE}/deliveries", "deliveries", api.deliveries, api.delivery_view),
    to.by("POST", f"{ONE}/replay", ReplayHook, replay_hook, body=api.ReplayRequest, view=COUNT, status=202),
    to.by("POST", f"{ONE}/deliveries/<delivery>/replay", ReplayHook, replay_hook, view=COUNT, status=202),
)
APP = Function("hooks", ROUTES, stage)


@functions_framework.http
def hooks(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
