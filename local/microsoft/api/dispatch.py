"""The way of a Graph request: token, route, scripted fault, throttling, permissions, handler and call log."""

import json
from dataclasses import dataclass, replace

from werkzeug.wrappers import Request

from local.microsoft.api import routes
from local.microsoft.api.context import Context, PathTarget, Preferences
from local.microsoft.api.limits import Throttle, concurrency_error
from local.microsoft.api.messages import GraphRequest, GraphResponse, parse_json_object
from local.microsoft.api.routes import Route
from local.microsoft.errors import (
    GraphError,
    Json,
    access_denied,
    bad_request,
    conflict_of_change_keys,
    item_not_found,
)
from local.microsoft.faults import HTML_ERROR, Fault, Faults, alter_answer
from local.microsoft.ids import guid
from local.microsoft.model import Call, Caller
from local.microsoft.oauth.grants import Grants
from local.microsoft.state import State
from local.microsoft.times import format_timestamp
from local.simulation.server import drop_connection


@dataclass(slots=True)
class Api:
    """Answers Graph requests from the simulator's state."""

    state: State
    grants: Grants
    throttle: Throttle
    faults: Faults
    table: dict[tuple[str, str], Route]

    def answer(self, request: GraphRequest, connection: Request | None = None) -> GraphResponse:
        """Answer one request.

        `connection` is the HTTP request, whose connection a fault may close; it is None for a request
        in a batch.
        """
        try:
            with self.state.lock:
                caller = self.grants.caller(request.headers.get("authorization", ""))
        except GraphError as error:
            return self._error_response("unknown", None, PathTarget(), request, error)
        if connection is None:
            return self._route(request, caller, None, too_many=False)
        with self.throttle.running(caller.app, caller.account) as places:
            return self._route(request, caller, connection, too_many=places < 1)

    def _route(
        self, request: GraphRequest, caller: Caller, connection: Request | None, *, too_many: bool
    ) -> GraphResponse:
        account = self.state.accounts[caller.account]
        try:
            names = frozenset({account.email, account.oid})
            route, target = routes.find_route(self.table, request.verb, request.path, names=names)
        except GraphError as error:
            return self._error_response("unknown", caller, PathTarget(), request, error)
        if route.in_calendar and not target.calendar and not target.event:
            target = replace(target, calendar=self.state.default_calendar(caller.account).shown_id)
        fault = self.faults.take(route.method, account=caller.account, calendar=target.calendar)
        try:
            if fault is not None:
                self._fault_before_call(
                    fault,
                    connection,
                    route=route,
                    caller=caller,
                    target=target,
                    request=request,
                )
            if too_many:
                raise concurrency_error(self.state.settings)
            told = self.state.settings.retry_after_sent
            self.throttle.spend(caller.app, caller.account, route.method, self.state.now(), told=told)
            self._refuse_by_chance(caller, target)
            response = self._handle(request, caller, route, target, fault)
        except GraphError as error:
            return self._error_response(route.method, caller, target, request, error)
        if fault is not None and fault.action == "html":
            response = GraphResponse(500, HTML_ERROR, {"Content-Type": "text/html"})
        self._log_call(route.method, caller, target, request, status=response.status, reason="")
        if fault is not None and fault.action == "drop_after":
            if connection is None:
                response = GraphResponse(504, {"error": {"code": "UnknownError", "message": ""}})
            else:
                drop_connection(connection)
        if fault is not None and fault.action == "truncate":
            text = json.dumps(response.body)
            response.body = text[: len(text) // 2]
        return response

    def _fault_before_call(
        self,
        fault: Fault,
        connection: Request | None,
        *,
        route: Route,
        caller: Caller,
        target: PathTarget,
        request: GraphRequest,
    ) -> None:
        if fault.action in {"slow", "hang"}:
            self.faults.wait(fault.seconds)
        if fault.action in {"drop_before", "hang"}:
            if connection is None:
                raise GraphError(504, "UnknownError", "")
            self._log_call(route.method, caller, target, request, status=0, reason=fault.action)
            drop_connection(connection)
        if fault.action == "status":
            raise fault.error()

    def _refuse_by_chance(self, caller: Caller, target: PathTarget) -> None:
        """Refuse a request for no reason where its turn has come (settings `stray_…_every`, fact M48)."""
        with self.state.lock:
            settings, name = self.state.settings, caller.account
            if self.state.every(f"conflict {name}", settings.stray_conflict_every):
                raise conflict_of_change_keys()
            if target.event and self.state.every(f"not found {name}", settings.stray_not_found_every):
                raise item_not_found()

    def _handle(
        self,
        request: GraphRequest,
        caller: Caller,
        route: Route,
        target: PathTarget,
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
            path_target=target,
            query=routes.query_options(request.path, request.verb, request.query),
            body=_json_body(request),
            preferences=Preferences.of(request.prefer),
            base=request.base,
            path=request.path,
            if_match=request.headers.get("if-match", ""),
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
        target: PathTarget,
        request: GraphRequest,
        error: GraphError,
    ) -> GraphResponse:
        self._log_call(method, caller, target, request, status=error.status, reason=error.code)
        request_id = guid("request", self.state.now(), len(self.state.calls))
        return GraphResponse(
            error.status, error.body(now=self.state.now(), request_id=request_id), dict(error.headers)
        )

    def _log_call(
        self,
        method: str,
        caller: Caller | None,
        target: PathTarget,
        request: GraphRequest,
        *,
        status: int,
        reason: str,
    ) -> None:
        with self.state.lock:
            number, at = len(self.state.calls) + 1, format_timestamp(self.state.now())
            account = caller.account if caller else ""
            self.state.calls.append(
                Call(number, at, method, account, target.calendar, status, reason, request.batched)
            )


def _json_body(request: GraphRequest) -> Json:
    if not request.body:
        return {}
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        message = "Write requests (excluding DELETE) must contain the Content-Type header declaration."
        raise bad_request(message)
    return parse_json_object(request.body)
