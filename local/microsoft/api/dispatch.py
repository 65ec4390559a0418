"""Answers Graph requests: tokens, throttling, faults, routing, permissions, handler and call log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.wrappers import Request, Response

from local.microsoft.api import routes
from local.microsoft.api.context import Context, PathTarget, Preferences
from local.microsoft.api.limits import Throttle, concurrency_error
from local.microsoft.api.routes import Route
from local.microsoft.errors import GraphError, Json, access_denied, bad_request
from local.microsoft.faults import HTML_ERROR, Fault, Faults, alter_answer
from local.microsoft.ids import guid
from local.microsoft.model import Call, Caller
from local.microsoft.oauth.grants import Grants
from local.microsoft.state import State
from local.microsoft.times import format_timestamp
from local.simulation.server import drop_connection

ROOT = "/v1.0"
JSON_CONTENT_TYPE = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)


@dataclass(frozen=True, slots=True)
class GraphRequest:
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
class GraphResponse:
    """One answer, alone or in a batch."""

    status: int
    body: Json | str | None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Api:
    """Graph over a world."""

    state: State
    grants: Grants
    throttle: Throttle
    faults: Faults
    table: dict[tuple[str, str], Route]

    def answer(self, graph_request: GraphRequest, request: Request | None = None) -> GraphResponse:
        """The answer to one request; `request` is the connection that a fault may cut."""
        try:
            with self.state.lock:
                caller = self.grants.caller(graph_request.headers.get("authorization", ""))
        except GraphError as error:
            return self._error_response("unknown", None, PathTarget(), graph_request, error)
        if request is None:
            return self._route(graph_request, caller, None, too_many=False)
        with self.throttle.concurrent_request(caller.app, caller.account) as too_many:
            return self._route(graph_request, caller, request, too_many=too_many)

    def _route(
        self, graph_request: GraphRequest, caller: Caller, request: Request | None, *, too_many: bool
    ) -> GraphResponse:
        account = self.state.accounts[caller.account]
        try:
            names = frozenset({account.email, account.oid})
            route, path_target = routes.find_route(
                self.table, graph_request.verb, graph_request.path, names=names
            )
        except GraphError as error:
            return self._error_response("unknown", caller, PathTarget(), graph_request, error)
        if route.in_calendar and not path_target.calendar and not path_target.event:
            default = self.state.default_calendar(caller.account).id
            path_target = replace(path_target, calendar=default)
        fault = self.faults.take(route.method, account=caller.account, calendar=path_target.calendar)
        try:
            if fault is not None:
                self._fault_before_call(
                    fault,
                    request,
                    route=route,
                    caller=caller,
                    path_target=path_target,
                    graph_request=graph_request,
                )
            if too_many:
                raise concurrency_error()
            self.throttle.spend(caller.app, caller.account, route.method, self.state.now())
            response = self._handle(graph_request, caller, route, path_target, fault)
        except GraphError as error:
            return self._error_response(route.method, caller, path_target, graph_request, error)
        if fault is not None and fault.action == "html":
            response = GraphResponse(500, HTML_ERROR, {"Content-Type": "text/html"})
        self._log_call(route.method, caller, path_target, graph_request, status=response.status, reason="")
        if fault is not None and fault.action == "drop_after":
            if request is None:
                response = GraphResponse(504, {"error": {"code": "UnknownError", "message": ""}})
            else:
                drop_connection(request)
        if fault is not None and fault.action == "truncate":
            text = json.dumps(response.body)
            response.body = text[: len(text) // 2]
        return response

    def _fault_before_call(
        self,
        fault: Fault,
        request: Request | None,
        *,
        route: Route,
        caller: Caller,
        path_target: PathTarget,
        graph_request: GraphRequest,
    ) -> None:
        if fault.action in {"slow", "hang"}:
            self.faults.wait(fault.seconds)
        if fault.action in {"drop_before", "hang"}:
            if request is None:
                raise GraphError(504, "UnknownError", "")
            self._log_call(route.method, caller, path_target, graph_request, status=0, reason=fault.action)
            drop_connection(request)
        if fault.action == "status":
            raise fault.error()

    def _handle(
        self,
        graph_request: GraphRequest,
        caller: Caller,
        route: Route,
        path_target: PathTarget,
        fault: Fault | None,
    ) -> GraphResponse:
        needed = route.scopes
        if self.state.settings.subscription_scope_exact and route.method.startswith("subscriptions."):
            needed = frozenset({"Calendars.Read"})
        if not needed & caller.scopes:
            raise access_denied()
        if fault is not None and fault.action == "html":
            return GraphResponse(500, None)
        context = Context(
            state=self.state,
            caller=caller,
            path_target=path_target,
            query=routes.query_options(graph_request.path, graph_request.verb, graph_request.query),
            body=_json_body(graph_request),
            preferences=Preferences.of(graph_request.prefer),
            base=graph_request.base,
            path=graph_request.path,
            if_match=graph_request.headers.get("if-match", ""),
            page_fault=fault.page if fault is not None and fault.action == "page" else "",
        )
        answer = self._run_handler(route, context)
        if fault is not None and fault.action in {"rewrite", "poison"} and answer is not None:
            answer = alter_answer(fault, answer)
        headers = context.headers | (
            {"Preference-Applied": context.preferences.applied} if context.preferences.applied else {}
        )
        if answer is not None and "" in answer:
            return GraphResponse(context.status, str(answer[""]), headers | {"Content-Type": "text/plain"})
        return GraphResponse(context.status, answer, headers)

    def _run_handler(self, route: Route, context: Context) -> Json | None:
        with self.state.lock:
            self.state.apply_due_bumps()
            if route.mailbox:
                self.state.require_mailbox(context.account)
            if route.locked:
                return route.handler(context)
        return route.handler(context)

    def _error_response(
        self,
        method: str,
        caller: Caller | None,
        path_target: PathTarget,
        graph_request: GraphRequest,
        error: GraphError,
    ) -> GraphResponse:
        self._log_call(method, caller, path_target, graph_request, status=error.status, reason=error.code)
        request_id = guid("request", self.state.now(), len(self.state.calls))
        return GraphResponse(
            error.status, error.body(now=self.state.now(), request_id=request_id), dict(error.headers)
        )

    def _log_call(
        self,
        method: str,
        caller: Caller | None,
        path_target: PathTarget,
        graph_request: GraphRequest,
        *,
        status: int,
        reason: str,
    ) -> None:
        with self.state.lock:
            number, at = len(self.state.calls) + 1, format_timestamp(self.state.now())
            account = caller.account if caller else ""
            self.state.calls.append(
                Call(number, at, method, account, path_target.calendar, status, reason, graph_request.batched)
            )


def read_request(request: Request) -> GraphRequest:
    """A request that arrived over HTTP."""
    return GraphRequest(
        verb=request.method,
        path=request.path.removeprefix(ROOT),
        query=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        prefer=request.headers.getlist("Prefer"),
        body=request.get_data(),
        base=f"{request.host_url.rstrip('/')}{ROOT}",
    )


def http_response(response: GraphResponse, graph_request: GraphRequest) -> Response:
    """An answer as it goes over HTTP."""
    request_id = guid("response", id(response))
    headers = {
        "request-id": request_id,
        "client-request-id": graph_request.headers.get("client-request-id", request_id),
    } | response.headers
    if response.body is None:
        return Response(status=response.status, headers=headers)
    kind = headers.pop("Content-Type", JSON_CONTENT_TYPE)
    text = response.body if isinstance(response.body, str) else json.dumps(response.body)
    return Response(text, response.status, headers=headers, content_type=kind)


def _json_body(graph_request: GraphRequest) -> Json:
    if not graph_request.body:
        return {}
    if not graph_request.headers.get("content-type", "").lower().startswith("application/json"):
        message = "Write requests (excluding DELETE) must contain the Content-Type header declaration."
        raise bad_request(message)
    return parse_json_object(graph_request.body)


def parse_json_object(raw: bytes) -> Json:
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
