"""The way of a Calendar API call: route, scripted fault, token, scopes, quota, handler, field mask, log."""

import json
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from local.google.api import fields, schema
from local.google.api.context import Context
from local.google.api.limits import Quota, units
from local.google.api.messages import access_token, error_response, json_response
from local.google.api.routes import Handler
from local.google.api.schema import Method, arguments, match
from local.google.calendars import access
from local.google.errors import ApiError, Json, bad_request, login_required
from local.google.faults import BAD_GATEWAY, Fault, Faults, alter_answer
from local.google.model import Call, Caller
from local.google.oauth.grants import Grants
from local.google.state import State
from local.google.times import format_timestamp
from local.simulation.server import drop_connection

ROOT = "/calendar/v3/"
DELAYING_ACTIONS = frozenset({"slow", "hang"})


@dataclass(slots=True)
class Api:
    """Answers calls of the Calendar API from the simulator's state."""

    state: State
    grants: Grants
    quota: Quota
    faults: Faults
    handlers: dict[str, Handler]

    def answer(self, request: Request) -> Response:
        """Answer one HTTP request below /calendar/v3/."""
        verb, query = request.method, request.args.to_dict(flat=False)
        # Clients send a long GET as a POST with the query as its form.
        if verb == "POST" and request.headers.get("x-http-method-override", "").upper() == "GET":
            verb, query = "GET", {**query, **request.form.to_dict(flat=False)}
        path = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path)
        found = match(verb, path.partition("?")[0].partition(ROOT)[2])
        if found is None:
            return Response("Not Found", 404, mimetype="text/html")
        method, names = found
        account = self._account(request)
        calendar = self.state.resolve_calendar_id(names.get("calendarId", ""), account)
        fault = self.faults.take(method.id, account=account, calendar=calendar)
        if fault is not None:
            if fault.action in {"drop_before", "hang"}:
                self._log_call(method, account, calendar, 0, fault.action)
            early = self._fault_before_call(fault, request)
            if early is not None:
                self._log_call(method, account, calendar, early.status_code, fault.reason)
                return early
        response = self._handle(method, names, query, request, fault)
        return self._fault_after_call(fault, request, response)

    def _account(self, request: Request) -> str:
        token = self.grants.access_tokens.get(access_token(request))
        return token.account if token else ""

    def _fault_before_call(self, fault: Fault, request: Request) -> Response | None:
        if fault.action in DELAYING_ACTIONS:
            self.faults.wait(fault.seconds)
        if fault.action in {"drop_before", "hang"}:
            drop_connection(request)
        if fault.action == "html":
            return Response(BAD_GATEWAY, 502, mimetype="text/html")
        return error_response(fault.error()) if fault.action == "status" else None

    def _fault_after_call(self, fault: Fault | None, request: Request, response: Response) -> Response:
        if fault is None:
            return response
        if fault.action == "drop_after":
            drop_connection(request)
        if fault.action == "truncate":
            data = response.get_data()
            response.set_data(data[: len(data) // 2])
        return response

    def _handle(
        self,
        method: Method,
        names: dict[str, str],
        query: dict[str, list[str]],
        request: Request,
        fault: Fault | None,
    ) -> Response:
        account, calendar, reason = "", names.get("calendarId", ""), ""
        with self.state.lock:
            self.state.begin_operation()
            try:
                caller = self._caller(request)
                account = caller.account
                calendar = self.state.resolve_calendar_id(calendar, account)
                context = self._context(method, names, query, request, caller)
                if fault is not None:
                    context.page_fault = fault.page if fault.action == "page" else ""
                    context.stale_calendar = fault.frozen
                response = self._run_handler(method, context, query, fault)
            except ApiError as error:
                response, reason = error_response(error), error.reason
            self._log_call(method, account, calendar, response.status_code, reason)
        return response

    def _caller(self, request: Request) -> Caller:
        token = access_token(request)
        if not token:
            raise login_required()
        return self.grants.caller(token)

    def _context(
        self,
        method: Method,
        names: dict[str, str],
        query: dict[str, list[str]],
        request: Request,
        caller: Caller,
    ) -> Context:
        access.check_scopes(method, caller)
        self.quota.spend(caller, units(method.verb), self.state.now())
        return Context(
            state=self.state,
            method=method,
            caller=caller,
            path=names,
            query=arguments(method, query),
            body=_body(request, method) if method.request else {},
            if_match=request.headers.get("If-Match", ""),
            if_none_match=request.headers.get("If-None-Match", ""),
        )

    def _run_handler(
        self, method: Method, context: Context, query: dict[str, list[str]], fault: Fault | None
    ) -> Response:
        handler = self.handlers.get(method.id)
        if handler is None:
            message = f"The simulator does not implement {method.id}."
            raise ApiError(501, "notImplemented", message)
        mask = fields.parse(query["fields"][-1]) if query.get("fields") else {}
        if mask and method.response:
            fields.check(mask, method.response)
        answer = handler(context)
        if answer is None:  # G30
            return Response(status=204)
        etag = context.etag or str(answer.get("etag", ""))
        headers = {"ETag": etag} if etag else {}
        if method.verb == "GET" and etag and context.if_none_match in {etag, "*"}:
            return Response(status=304, headers=headers)
        if fault is not None and fault.action in {"rewrite", "poison"}:
            return json_response(alter_answer(fault, fields.apply(mask, answer)), headers=headers)
        return json_response(fields.apply(mask, answer), headers=headers)

    def _log_call(self, method: Method, account: str, calendar: str, status: int, reason: str) -> None:
        with self.state.lock:
            number, at = len(self.state.calls) + 1, format_timestamp(self.state.now())
            cost = units(method.verb)
            self.state.calls.append(
                Call(
                    number,
                    at,
                    method.id,
                    account,
                    calendar,
                    status,
                    reason if status >= 400 or not status else "",
                    cost,
                )
            )


def _body(request: Request, method: Method) -> Json:
    raw = request.get_data()
    if not raw:
        return {}
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise ApiError(400, "parseError", "Parse Error") from error
    if not isinstance(found, dict):
        raise bad_request()
    schema.check_body(method.request, found)
    return found if method.verb == "PATCH" else schema.without_nulls(found)
