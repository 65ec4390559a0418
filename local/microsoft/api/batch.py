"""Answers $batch: up to twenty requests, each with an answer of its own, in no particular order."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from werkzeug.wrappers import Request

from local.microsoft.api.dispatch import Api, Ask, Reply, ask_of, parsed
from local.microsoft.errors import GraphError, Json, bad_request
from local.microsoft.ids import guid
from local.simulation.server import drop

MOST = 20


def answer(api: Api, request: Request) -> Reply:
    """The answer to a batch; 200 says nothing about the requests in it."""
    outer = ask_of(request)
    try:
        with api.world.lock:
            caller = api.grants.caller(outer.headers.get("authorization", ""))
        fault = api.faults.take("batch", account=caller.account, calendar="")
        if fault is not None and fault.action in {"slow", "hang"}:
            api.faults.wait(fault.seconds)
        if fault is not None and fault.action in {"drop_before", "hang"}:
            drop(request)
        if fault is not None and fault.action == "status":
            raise fault.refusal()
        asked = _checked(parsed(outer.body))
    except GraphError as error:
        made = guid("batch", api.world.now())
        return Reply(error.status, error.body(now=api.world.now(), request_id=made), error.headers)
    with api.throttle.flight(caller.app, caller.account) as crowded:
        answers = _answers(api, outer, asked, crowded=crowded)
    if fault is not None and fault.action == "drop_after":
        drop(request)
    # Answers come in any order; clients go by their ids.
    reply = Reply(200, {"responses": list(reversed(answers))})
    if fault is not None and fault.action == "truncate":
        text = json.dumps(reply.body)
        reply.body = text[: len(text) // 2]
    return reply


def _checked(body: Json) -> list[Json]:
    asked = body.get("requests")
    if not isinstance(asked, list) or not asked:
        raise bad_request("Invalid batch payload format.")
    if len(asked) > MOST:
        message = f"Number of batch request steps exceeds the maximum value of {MOST}."
        raise bad_request(message, "MaximumValueExceeded")
    names = [str(each.get("id", "")).lower() for each in asked]
    if "" in names or len(set(names)) != len(names):
        raise bad_request("Every request in a batch needs an id of its own.")
    for each in asked:
        if not each.get("method") or not str(each.get("url", "")).strip():
            raise bad_request("Every request in a batch needs a method and a url.")
        if {str(one).lower() for one in each.get("dependsOn") or ()} - set(names):
            raise bad_request("A request in the batch depends on one that is not there.")
    return asked


def _answers(api: Api, outer: Ask, asked: list[Json], *, crowded: bool) -> list[Json]:
    done: dict[str, int] = {}
    answers = []
    for each in asked:
        needed = [done.get(str(one).lower(), 424) for one in each.get("dependsOn") or ()]
        if any(status >= 400 for status in needed):
            error = {"error": {"code": "FailedDependency", "message": "A dependency failed."}}
            reply = Reply(424, error)
        elif crowded:
            error = {"error": {"code": "ApplicationThrottled", "message": "MailboxConcurrency limit."}}
            reply = Reply(429, error, {"Retry-After": "1"})
        else:
            reply = api.answer(_ask(outer, each))
        done[str(each["id"]).lower()] = reply.status
        answers.append(_shown(each, reply))
    return answers


def _ask(outer: Ask, each: Json) -> Ask:
    parts = urlsplit(str(each["url"]))
    path = "/" + parts.path.removeprefix("/v1.0").lstrip("/")
    headers = {str(name).lower(): str(value) for name, value in (each.get("headers") or {}).items()}
    prefer = [headers["prefer"]] if "prefer" in headers else []
    headers["authorization"] = outer.headers.get("authorization", "")
    body: Any = each.get("body")
    return Ask(
        verb=str(each["method"]).upper(),
        path=path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        prefer=prefer,
        body=b"" if body is None else json.dumps(body).encode(),
        base=outer.base,
        batched=True,
    )


def _shown(each: Json, reply: Reply) -> Json:
    headers = {"Cache-Control": "no-cache"} | reply.headers
    made: Json = {"id": each["id"], "status": reply.status, "headers": headers}
    if reply.body is not None:
        headers.setdefault("Content-Type", "application/json")
        made["body"] = reply.body
    return made
