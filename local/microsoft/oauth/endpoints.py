"""The HTTP addresses of the identity platform: authorize, token, admin consent, discovery and keys.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow,
https://learn.microsoft.com/entra/identity-platform/v2-admin-consent, https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
"""

import json
import re
from dataclasses import dataclass

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from local.microsoft.errors import Json, SignInError
from local.microsoft.faults import HTML_ERROR, Fault, Faults
from local.microsoft.ids import guid
from local.microsoft.model import Call
from local.microsoft.oauth import pages
from local.microsoft.oauth.consent import Consent, Redirect, issuer_tenant
from local.microsoft.oauth.grants import Grants
from local.microsoft.oauth.id_tokens import IdTokenSigner
from local.microsoft.state import State
from local.microsoft.times import format_timestamp
from local.simulation.server import drop_connection

TENANT = re.compile(r"/([A-Za-z0-9.-]+)(/.*)")
NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
# There is no address that revokes an app's access (fact M151).
METHODS = {
    "/oauth2/v2.0/authorize": "oauth.authorize",
    "/oauth2/v2.0/token": "oauth.token",
    "/v2.0/adminconsent": "oauth.adminconsent",
    "/v2.0/.well-known/openid-configuration": "oauth.discovery",
    "/discovery/v2.0/keys": "oauth.keys",
    "/discovery/instance": "oauth.instance",
}


@dataclass(slots=True)
class OAuthEndpoints:
    """Answers the identity platform's addresses from the simulator's state."""

    state: State
    grants: Grants
    consent: Consent
    signer: IdTokenSigner
    faults: Faults

    def answer(self, request: Request) -> Response | None:
        """Answer a request to one of these addresses; returns None for any other address."""
        found = TENANT.fullmatch(request.path)
        if found is None or found.group(2) not in METHODS:
            return None
        tenant, method = found.group(1), METHODS[found.group(2)]
        fault = self.faults.take(method, account="", calendar="")
        response = self._fault_response(fault, request) if fault is not None else None
        if response is None:
            with self.state.lock:
                response = self._answer_method(method, tenant, request)
        self._log_call(method, response.status_code)
        if fault is not None and fault.action == "drop_after":
            drop_connection(request)
        if fault is not None and fault.action == "truncate":
            data = response.get_data()
            response.set_data(data[: len(data) // 2])
        return response

    def _fault_response(self, fault: Fault, request: Request) -> Response | None:
        if fault.action in {"slow", "hang"}:
            self.faults.wait(fault.seconds)
        if fault.action in {"drop_before", "hang"}:
            drop_connection(request)
        if fault.action == "html":
            return Response(HTML_ERROR, fault.status, mimetype="text/html")
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        if fault.action == "oauth_error":
            error = SignInError(
                fault.reason or "invalid_grant",
                code=fault.aadsts,
                text=fault.message or "Scripted.",
                status=400 if fault.status == 503 else fault.status,
                suberror=fault.suberror,
                claims=fault.claims,
            )
            return self._error_response(error, headers)
        if fault.action == "status":
            error = SignInError(
                fault.reason or "temporarily_unavailable",
                code=fault.aadsts,
                text="A transient error has occurred. Please try again.",
                status=fault.status,
            )
            return self._error_response(error, headers)
        return None

    def _answer_method(self, method: str, tenant: str, request: Request) -> Response:
        try:
            if method == "oauth.token":
                return self._token(request)
            if method == "oauth.authorize":
                return self._authorize(tenant, request)
            if method == "oauth.adminconsent":
                return self._admin_consent(tenant, request)
        except SignInError as error:
            return Response(pages.error_page(error), error.status, mimetype="text/html")
        try:
            if method == "oauth.keys":
                return _json(self.signer.jwks(f"{self.state.settings.login_origin}/{{tenantid}}/v2.0"))
            return _json(self._instance() if method == "oauth.instance" else self._discovery(tenant))
        except SignInError as error:
            return self._error_response(error, {})

    def _token(self, request: Request) -> Response:
        if request.method != "POST":
            return Response("", 405, headers={"Allow": "POST"})
        try:
            return _json(self.grants.token(request.form.to_dict()), headers=NO_STORE)
        except SignInError as error:
            return self._error_response(error, {})

    def _authorize(self, tenant: str, request: Request) -> Response:
        parameters = request.values.to_dict()
        if "decision" not in parameters:
            found = self.consent.redirect_or_page(parameters, tenant)
            return _redirect(found) if isinstance(found, Redirect) else Response(found, mimetype="text/html")
        withheld = request.values.getlist("withheld")
        account, decision = parameters.pop("account", ""), parameters.pop("decision")
        return _redirect(
            self.consent.answer(parameters, tenant, decision=decision, account=account, withheld=withheld)
        )

    def _admin_consent(self, tenant: str, request: Request) -> Response:
        parameters = request.values.to_dict()
        if "decision" not in parameters:
            people = [each for each in self.state.accounts.values() if each.admin]
            action = f"/{tenant}/v2.0/adminconsent"
            names = parameters.get("scope", "").split()
            app = parameters.get("client_id", "")
            page = pages.consent_page(app, action, parameters, people=people, hinted="", wanted=names)
            return Response(page, mimetype="text/html")
        account, decision = parameters.pop("account", ""), parameters.pop("decision")
        return _redirect(self.consent.admin_consent(parameters, tenant, decision=decision, account=account))

    def _discovery(self, tenant: str) -> Json:
        origin = self.state.settings.login_origin
        base = f"{origin}/{tenant}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{origin}/{issuer_tenant(tenant, self.state)}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": "graph.microsoft.com",
        }

    def _instance(self) -> Json:
        host = self.state.settings.login_origin.partition("://")[2]
        known = {"preferred_network": host, "preferred_cache": "login.windows.net"}
        return {
            "tenant_discovery_endpoint": (
                f"{self.state.settings.login_origin}/common/v2.0/.well-known/openid-configuration"
            ),
            "api-version": "1.1",
            "metadata": [
                known | {"aliases": [host, "login.windows.net", "login.microsoft.com", "sts.windows.net"]}
            ],
        }

    def _error_response(self, error: SignInError, headers: dict[str, str]) -> Response:
        trace = guid("trace", self.state.serial())
        body = error.body(now=self.state.now(), trace=trace)
        if self.state.settings.filtered_descriptions:
            body["error_description"] = f"FILT3R3D {error.text}"
        return _json(body, status=error.status, headers=NO_STORE | headers)

    def _log_call(self, method: str, status: int) -> None:
        with self.state.lock:
            number, at = len(self.state.calls) + 1, format_timestamp(self.state.now())
            self.state.calls.append(Call(number, at, method, "", "", status, ""))


def _redirect(found: Redirect) -> Response:
    if found.mode == "form_post":
        return Response(pages.form_post_page(found.uri, found.values), mimetype="text/html")
    return redirect(found.address)


def _json(body: Json, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, headers=headers, content_type="application/json; charset=utf-8")
