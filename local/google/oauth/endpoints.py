"""The HTTP addresses of the OAuth server: consent page, token, revocation, keys and OpenID metadata."""

from dataclasses import dataclass

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from local.google.api.messages import json_response
from local.google.errors import Json
from local.google.faults import BAD_GATEWAY, Fault, Faults
from local.google.model import Call
from local.google.oauth.consent import Consent, ConsentError
from local.google.oauth.grants import Grants, TokenError
from local.google.oauth.id_tokens import ISSUER, IdTokenSigner
from local.google.oauth.pages import FORM_PARAMETERS, error_page
from local.google.state import State
from local.google.times import format_timestamp
from local.simulation.server import drop_connection

AUTH_PATHS = frozenset({"/o/oauth2/v2/auth", "/o/oauth2/auth"})
NO_STORE = {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache"}


@dataclass(slots=True)
class OAuthEndpoints:
    """Answers the OAuth server's addresses from the simulator's state."""

    state: State
    grants: Grants
    consent: Consent
    signer: IdTokenSigner
    faults: Faults

    def answer(self, request: Request) -> Response | None:
        """Answer a request to one of the OAuth addresses; returns None for any other address.

        A token is revoked by POST only (G120).
        """
        path, verb = request.path, request.method
        if path in AUTH_PATHS and verb in {"GET", "POST"}:
            return self._scripted("oauth.auth", request) or self._auth(request)
        if path in {"/token", "/oauth2/v4/token"} and verb == "POST":
            return self._scripted("oauth.token", request) or self._token(request)
        if path in {"/revoke", "/o/oauth2/revoke"} and verb == "POST":
            return self._scripted("oauth.revoke", request) or self._revoke(request)
        if path == "/oauth2/v3/certs":
            return json_response(self.signer.jwks())
        if path == "/.well-known/openid-configuration":
            return json_response(metadata(request.host_url.rstrip("/")))
        return None

    def _scripted(self, method: str, request: Request) -> Response | None:
        fault = self.faults.take(method, account="", calendar="")
        if fault is None:
            return None
        response = self._fault(method, fault, request)
        self._log_call(method, response.status_code if response is not None else 0, fault.reason)
        return response

    def _fault(self, method: str, fault: Fault, request: Request) -> Response | None:
        if fault.action in {"slow", "hang"}:
            self.faults.wait(fault.seconds)
        if fault.action in {"drop_before", "hang"}:
            drop_connection(request)
        if fault.action == "drop_after":
            (self._token if method == "oauth.token" else self._revoke)(request)
            drop_connection(request)
        if fault.action == "html":
            return Response(BAD_GATEWAY, 502, mimetype="text/html")
        if fault.action == "truncate":
            return Response('{"access_token": "ya29', 200, mimetype="application/json")
        if fault.action in {"oauth_error", "status"}:
            body = {"error": fault.reason, "error_description": fault.message or "Bad Request"}
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            return json_response(body, status=fault.status, headers=headers)
        return None

    def _auth(self, request: Request) -> Response:
        parameters = request.args.to_dict()
        try:
            with self.state.lock:
                if request.method == "GET":
                    location, page = self.consent.redirect_or_page(parameters)
                else:
                    parameters |= {
                        name: request.form[name]
                        for name in FORM_PARAMETERS
                        if name in request.form and name != "scope"
                    }
                    parameters["scope"] = request.form.get("asked_scope", parameters.get("scope", ""))
                    page, location = "", self._answer_page(parameters, request)
        except ConsentError as error:
            page = error_page(error.error, error.description, error.status)
            return Response(page, error.status, mimetype="text/html")
        if page:
            return Response(page, mimetype="text/html", headers={"X-Frame-Options": "DENY"})
        return redirect(location, 302)

    def _answer_page(self, parameters: Json, request: Request) -> str:
        form = request.form
        return self.consent.answer(
            parameters,
            decision=form.get("decision", ""),
            account=form.get("account", ""),
            ticked=form.getlist("scope"),
        )

    def _token(self, request: Request) -> Response:
        form = request.form.to_dict()
        authorization = request.authorization
        if authorization is not None and authorization.type == "basic":
            form |= {"client_id": authorization.username or "", "client_secret": authorization.password or ""}
        status, reason = 200, ""
        with self.state.lock:
            try:
                body = self.grants.token(form)
            except TokenError as error:
                body, status, reason = error.body, error.status, error.body["error"]
            self._log_call("oauth.token", status, reason)
        return json_response(body, status=status, headers=NO_STORE)

    def _revoke(self, request: Request) -> Response:
        body, status, reason = {}, 200, ""
        with self.state.lock:
            try:
                self.grants.revoke_token(request.values.get("token", ""))
            except TokenError as error:
                body, status, reason = error.body, error.status, error.body["error"]
            self._log_call("oauth.revoke", status, reason)
        return json_response(body, status=status)

    def _log_call(self, method: str, status: int, reason: str) -> None:
        with self.state.lock:
            number, at = len(self.state.calls) + 1, format_timestamp(self.state.now())
            self.state.calls.append(
                Call(number, at, method, "", "", status, reason if status != 200 else "", 0)
            )


def metadata(base: str) -> Json:
    """The OpenID configuration, with this server's own addresses."""
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{base}/o/oauth2/v2/auth",
        "token_endpoint": f"{base}/token",
        "revocation_endpoint": f"{base}/revoke",
        "jwks_uri": f"{base}/oauth2/v3/certs",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": True,
    }
