"""Answers Graph requests: tokens, throttling, faults, routing, permissions, handler and call log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.wrappers import Request, Response

from local.microsoft.api import routes
from local.microsoft.api.context import Context, Place, Prefs
from local.microsoft.api.limits import Throttle, too_many_at_once
from local.microsoft.api.routes import Route
from local.microsoft.errors import GraphError, Json, access_denied, bad_request
from local.microsoft.faults import HTML_ERROR, Fault, Faults, twist
from local.microsoft.ids import guid
from local.microsoft.model import Call, Caller
from local.microsoft.oauth.grants import Grants
from local.microsoft.state import World
from local.microsoft.times import stamp
from local.simulation.server import drop

ROOT = "/v1.0"
JSON_KIND = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, alone or in a batch."""

    verb: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    prefer: list[str]
    body: bytes
    base: str
    batched: bool = False


@dataclass(slots=True)
class Reply:
    """One answer, alone or in a batch."""

    status: int
    body: Json | str | None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Api:
    """Graph over a world."""

    world: World
    grants: Grants
    throttle: Throttle
    faults: Faults
    table: dict[tuple[str, str], Route]

    def answer(self, ask: Ask, request: Request | None = None) -> Reply:
        """The answer to one request; `request` is the connection that a fault may cut."""
        try:
            with self.world.lock:
                caller = self.grants.caller(ask.headers.get("authorization", ""))
        except GraphError as error:
            return self._refused("unknown", None, Place(), ask, error)
        if request is None:
            return self._routed(ask, caller, None, crowded=False)
        with self.throttle.flight(caller.app, caller.account) as crowded:
            return self._routed(ask, caller, request, crowded=crowded)

    def _routed(self, ask: Ask, caller: Caller, request: Request | None, *, crowded: bool) -> Reply:
        account = self.world.accounts[caller.account]
        try:
            names = frozenset({account.email, account.oid})
            route, place = routes.find(self.table, ask.verb, ask.path, names=names)
        except GraphError as error:
            return self._refused("unknown", caller, Place(), ask, error)
        if route.in_calendar and not place.calendar and not place.event:
            default = self.world.default_calendar(caller.account).id
            place = replace(place, calendar=default)
        fault = self.faults.take(route.method, account=caller.account, calendar=place.calendar)
        try:
            if fault is not None:
                self._before(fault, request, route=route, caller=caller, place=place, ask=ask)
            if crowded:
                raise too_many_at_once()
            self.throttle.spend(caller.app, caller.account, route.method, self.world.now())
            reply = self._handled(ask, caller, route, place, fault)
        except GraphError as error:
            return self._refused(route.method, caller, place, ask, error)
        if fault is not None and fault.action == "html":
            reply = Reply(500, HTML_ERROR, {"Content-Type": "text/html"})
        self._log(route.method, caller, place, ask, status=reply.status, reason="")
        if fault is not None and fault.action == "drop_after":
            if request is None:
                reply = Reply(504, {"error": {"code": "UnknownError", "message": ""}})
            else:
                drop(request)
        if fault is not None and fault.action == "truncate":
            text = json.dumps(reply.body)
            reply.body = text[: len(text) // 2]
        return reply

    def _before(
        self, fault: Fault, request: Request | None, *, route: Route, caller: Caller, place: Place, ask: Ask
    ) -> None:
        if fault.action in {"slow", "hang"}:
            self.faults.wait(fault.seconds)
        if fault.action in {"drop_before", "hang"}:
            if request is None:
                raise GraphError(504, "UnknownError", "")
            self._log(route.method, caller, place, ask, status=0, reason=fault.action)
            drop(request)
        if fault.action == "status":
            raise fault.refusal()

    def _handled(self, ask: Ask, caller: Caller, route: Route, place: Place, fault: Fault | None) -> Reply:
        needed = route.scopes
        if self.world.settings.subscription_scope_exact and route.method.startswith("subscriptions."):
            needed = frozenset({"Calendars.Read"})
        if not needed & caller.scopes:
            raise access_denied()
        if fault is not None and fault.action == "html":
            return Reply(500, None)
        context = Context(
            world=self.world,
            caller=caller,
            place=place,
            query=routes.query(ask.path, ask.verb, ask.query),
            body=_body(ask),
            prefs=Prefs.of(ask.prefer),
            base=ask.base,
            path=ask.path,
            if_match=ask.headers.get("if-match", ""),
            paging=fault.page if fault is not None and fault.action == "page" else "",
        )
        answer = self._run(route, context)
        if fault is not None and fault.action in {"rewrite", "poison"} and answer is not None:
            answer = twist(fault, answer)
        headers = context.headers | (
            {"Preference-Applied": context.prefs.applied} if context.prefs.applied else {}
        )
        if answer is not None and "" in answer:
            return Reply(context.status, str(answer[""]), headers | {"Content-Type": "text/plain"})
        return Reply(context.status, answer, headers)

    def _run(self, route: Route, context: Context) -> Json | None:
        with self.world.lock:
            self.world.settle()
            if route.mailbox:
                self.world.need_mailbox(context.account)
            if route.locked:
                return route.handler(context)
        return route.handler(context)

    def _refused(
        self, method: str, caller: Caller | None, place: Place, ask: Ask, error: GraphError
    ) -> Reply:
        self._log(method, caller, place, ask, status=error.status, reason=error.code)
        request_id = guid("request", self.world.now(), len(self.world.calls))
        return Reply(
            error.status, error.body(now=self.world.now(), request_id=request_id), dict(error.headers)
        )

    def _log(
        self, method: str, caller: Caller | None, place: Place, ask: Ask, *, status: int, reason: str
    ) -> None:
        with self.world.lock:
            number, at = len(self.world.calls) + 1, stamp(self.world.now())
            account = caller.account if caller else ""
            self.world.calls.append(
                Call(number, at, method, account, place.calendar, status, reason, ask.batched)
            )


def ask_of(request: Request) -> Ask:
    """A request that arrived over HTTP."""
    return Ask(
        verb=request.method,
        path=request.path.removeprefix(ROOT),
        query=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        prefer=request.headers.getlist("Prefer"),
        body=request.get_data(),
        base=f"{request.host_url.rstrip('/')}{ROOT}",
    )


def as_response(reply: Reply, ask: Ask) -> Response:
    """An answer as it goes over HTTP."""
    request_id = guid("response", id(reply))
    headers = {
        "request-id": request_id,
        "client-request-id": ask.headers.get("client-request-id", request_id),
    } | reply.headers
    if reply.body is None:
        return Response(status=reply.status, headers=headers)
    kind = headers.pop("Content-Type", JSON_KIND)
    text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    return Response(text, reply.status, headers=headers, content_type=kind)


def _body(ask: Ask) -> Json:
    if not ask.body:
        return {}
    if not ask.headers.get("content-type", "").lower().startswith("application/json"):
        message = "Write requests (excluding DELETE) must contain the Content-Type header declaration."
        raise bad_request(message)
    return parsed(ask.body)


def parsed(raw: bytes) -> Json:
    """A JSON object; 400 for anything else."""
    message = (
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of "
        "valid JSON format."
    )
    try:
        found: Any = json.loads(raw)
    except ValueError as error:
        raise bad_request(message) from error
    if not isinstance(found, dict):
        raise bad_request(message)
    return found
