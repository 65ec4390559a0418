"""Webhooks to the tenant's own system: where, for which events, their secrets, their messages (owners)."""

import functions_framework
from flask import Request, Response

from common.api import webhooks as api
from common.api.handler import Function
from common.api.http import Call, Reply
from common.api.models import path_id, read
from common.api.paging import list_reply
from common.api.routes import owner
from common.flows.webhooks.deliver import replay_deliveries
from common.flows.webhooks.endpoints import add_webhook, change_webhook, rotate_webhook_secret
from common.wiring import installation, ports


def _add(call: Call) -> Reply:
    body = read(api.NewHook, call.body)
    added = add_webhook(ports(), tenant=call.staff.tenant, url=body.url, events=body.events)
    return Reply(api.webhook_with_secret_view(added), status=201)


def _list(call: Call) -> Reply:
    tenant, lists = call.staff.tenant, ports().lists
    return list_reply(call, "hooks", lambda window: lists.hooks(tenant, window), api.webhook_view)


def _show(call: Call) -> Reply:
    return Reply(api.webhook_view(ports().webhooks.get(call.staff.tenant, path_id(call.path["hook"]))))


def _change(call: Call) -> Reply:
    body = read(api.HookPatch, call.body)
    changed = change_webhook(
        ports(),
        tenant=call.staff.tenant,
        webhook=path_id(call.path["hook"]),
        events=body.events,
        enabled=body.enabled,
    )
    return Reply(api.webhook_view(changed))


def _remove(call: Call) -> Reply:
    ports().webhooks.delete(call.staff.tenant, path_id(call.path["hook"]))
    return Reply(status=204)


def _rotate_secret(call: Call) -> Reply:
    body = read(api.RotateRequest, call.body)
    rotated = rotate_webhook_secret(
        ports(), tenant=call.staff.tenant, webhook=path_id(call.path["hook"]), drop_old=body.drop_old
    )
    return Reply(api.webhook_with_secret_view(rotated))


def _list_deliveries(call: Call) -> Reply:
    webhook, lists = ports().webhooks.get(call.staff.tenant, path_id(call.path["hook"])), ports().lists
    return list_reply(
        call,
        "deliveries",
        lambda window: lists.deliveries(webhook.tenant, webhook.id, window),
        api.delivery_view,
    )


def _replay_failed(call: Call) -> Reply:
    body = read(api.ReplayRequest, call.body)
    queued = replay_deliveries(
        ports(), tenant=call.staff.tenant, webhook=path_id(call.path["hook"]), since=body.since
    )
    return Reply({"queued": queued}, status=202)


def _replay_one(call: Call) -> Reply:
    queued = replay_deliveries(
        ports(),
        tenant=call.staff.tenant,
        webhook=path_id(call.path["hook"]),
        delivery=path_id(call.path["delivery"]),
    )
    return Reply({"queued": queued}, status=202)


ROUTES = (
    owner("POST", "/", _add, body=True),
    owner("GET", "/", _list),
    owner("GET", "/<hook>", _show),
    owner("PATCH", "/<hook>", _change, body=True),
    owner("DELETE", "/<hook>", _remove),
    owner("POST", "/<hook>/secret", _rotate_secret, body=True),
    owner("GET", "/<hook>/deliveries", _list_deliveries),
    owner("POST", "/<hook>/replay", _replay_failed, body=True),
    owner("POST", "/<hook>/deliveries/<delivery>/replay", _replay_one),
)
APP = Function("hooks", ROUTES, installation)


@functions_framework.http
def hooks(request: Request) -> Response:
    """Answer one request."""
    return APP(request)
