"""Answers $batch: up to twenty requests in one, each with an answer of its own, in no particular order.

A batch runs up to four of its parts at once, which leaves no place at the mailbox for another one: the parts
of that beyond the places that are left are 429, though the batch itself is 200 (docs/provider-facts.md, M112,
M113). https://learn.microsoft.com/graph/json-batching (M117, M118)
"""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from werkzeug.wrappers import Request

from local.microsoft.api.dispatch import Api
from local.microsoft.api.limits import concurrency_error
from local.microsoft.api.messages import GraphRequest, GraphResponse, parse_json_object, read_request
from local.microsoft.errors import GraphError, Json, bad_request
from local.microsoft.ids import guid
from local.simulation.server import drop_connection

MOST_REQUESTS = 20
MOST_AT_ONCE = 4


def answer(api: Api, request: Request) -> GraphResponse:
    """Answer a batch; its own status 200 says nothing about the requests in it."""
    batch_request = read_request(request)
    try:
        with api.state.lock:
            caller = api.grants.caller(batch_request.headers.get("authorization", ""))
        fault = api.faults.take("batch", account=caller.account, calendar="")
        if fault is not None and fault.action in {"slow", "hang"}:
            api.faults.wait(fault.seconds)
        if fault is not None and fault.action in {"drop_before", "hang"}:
            drop_connection(request)
        if fault is not None and fault.action == "status":
            raise fault.error()
        requests = _checked_requests(parse_json_object(batch_request.body))
    except GraphError as error:
        made = guid("batch", api.state.now())
        return GraphResponse(error.status, error.body(now=api.state.now(), request_id=made), error.headers)
    wanted = min(MOST_AT_ONCE, sum(1 for each in requests if not each.get("dependsOn")))
    with api.throttle.running(caller.app, caller.account, places=wanted) as places:
        free = len(requests) if places == wanted else places
        responses = _responses(api, batch_request, requests, free=free)
    if fault is not None and fault.action == "drop_after":
        drop_connection(request)
    # Answers come in any order; clients go by their ids.
    response = GraphResponse(200, {"responses": list(reversed(responses))})
    if fault is not None and fault.action == "truncate":
        text = json.dumps(response.body)
        response.body = text[: len(text) // 2]
    return response


def _checked_requests(body: Json) -> list[Json]:
    requests = body.get("requests")
    if not isinstance(requests, list) or not requests:
        raise bad_request("Invalid batch payload format.")
    if len(requests) > MOST_REQUESTS:
        message = f"Number of batch request steps exceeds the maximum value of {MOST_REQUESTS}."
        raise bad_request(message, "MaximumValueExceeded")
    names = [str(each.get("id", "")).lower() for each in requests]
    if "" in names or len(set(names)) != len(names):
        raise bad_request("Every request in a batch needs an id of its own.")
    for each in requests:
        if not each.get("method") or not str(each.get("url", "")).strip():
            raise bad_request("Every request in a batch needs a method and a url.")
        if {str(one).lower() for one in each.get("dependsOn") or ()} - set(names):
            raise bad_request("A request in the batch depends on one that is not there.")
    return requests


def _responses(api: Api, batch_request: GraphRequest, requests: list[Json], *, free: int) -> list[Json]:
    """Answer the parts; of those that wait for no other, only as many as are `free` find a place."""
    done: dict[str, int] = {}
    responses = []
    for each in requests:
        needed = [done.get(str(one).lower(), 424) for one in each.get("dependsOn") or ()]
        if any(status >= 400 for status in needed):
            error = {"error": {"code": "FailedDependency", "message": "A dependency failed."}}
            response = GraphResponse(424, error)
        elif not needed and free <= 0:
            response = _crowded(api)
        else:
            free -= not needed
            response = api.answer(_inner_request(batch_request, each))
        done[str(each["id"]).lower()] = response.status
        responses.append(_render_response(each, response))
    return responses


def _crowded(api: Api) -> GraphResponse:
    error = concurrency_error(api.state.settings)
    made = guid("part", api.state.now())
    return GraphResponse(error.status, error.body(now=api.state.now(), request_id=made), error.headers)


def _inner_request(batch_request: GraphRequest, each: Json) -> GraphRequest:
    parts = urlsplit(str(each["url"]))
    path = "/" + unquote(parts.path).removeprefix("/v1.0").lstrip("/")
    headers = {str(name).lower(): str(value) for name, value in (each.get("headers") or {}).items()}
    prefer = [headers["prefer"]] if "prefer" in headers else []
    headers["authorization"] = batch_request.headers.get("authorization", "")
    body: Any = each.get("body")
    return GraphRequest(
        verb=str(each["method"]).upper(),
        path=path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        prefer=prefer,
        body=b"" if body is None else json.dumps(body).encode(),
        base=batch_request.base,
        batched=True,
    )


def _render_response(each: Json, response: GraphResponse) -> Json:
    headers = {"Cache-Control": "no-cache"} | response.headers
    made: Json = {"id": each["id"], "status": response.status, "headers": headers}
    if response.body is not None:
        headers.setdefault("Content-Type", "application/json")
        made["body"] = response.body
    return made
