"""The authorization endpoint: checks the request, asks for consent, and redirects back to the app.

The numbers of its errors: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from local.microsoft import ids
from local.microsoft.errors import Json, SignInError
from local.microsoft.model import PERSONAL_TENANT, Account, App, Tenant
from local.microsoft.oauth import pages, scopes
from local.microsoft.oauth.grants import Grants, sign_in_error
from local.microsoft.state import State

ACCEPT = frozenset({"accept", "allow", "allow_all", "accept_for_organization"})
CANCEL = frozenset({"cancel", "deny"})
WORK_ONLY = frozenset({"AzureADMyOrg", "AzureADMultipleOrgs"})
NAMED = frozenset({"common", "organizations", "consumers"})


@dataclass(frozen=True, slots=True)
class Redirect:
    """The redirect back to the app, with its values and the mode in which they are passed."""

    uri: str
    values: dict[str, str]
    mode: str = "query"

    @property
    def address(self) -> str:
        """The redirect address with the values in it."""
        joint = "#" if self.mode == "fragment" else "&" if urlsplit(self.uri).query else "?"
        return self.uri + joint + urlencode(self.values)


class Consent:
    """The authorization endpoint and the admin-consent endpoint.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow (fact M152)
    """

    def __init__(self, state: State, grants: Grants) -> None:
        self._state = state
        self._grants = grants

    def app(self, parameters: Json, tenant: str) -> App:
        """Return the app of a valid request; an invalid one raises SignInError, which is shown as a page."""
        app = self._state.apps.get(parameters.get("client_id", ""))
        if app is None:
            raise _error_page(700016, "Application with identifier was not found in the directory.")
        if parameters.get("redirect_uri") not in app.redirect_uris:
            text = "The redirect URI specified in the request does not match the ones configured for the app."
            raise _error_page(50011, text)
        self._check_tenant(app, tenant)
        if parameters.get("response_type") != "code":
            raise _error_page(70005, "The app returned an unsupported response type.")
        if not parameters.get("scope", "").split():
            raise _error_page(900144, "The request body must contain the following parameter: 'scope'.")
        scopes.parse_scopes(parameters["scope"])
        if parameters.get("code_challenge") and parameters.get("code_challenge_method") != "S256":
            raise _error_page(50148, "The code_challenge_method is not supported; use S256.")
        if parameters.get("prompt", "") not in {"", "login", "none", "consent", "select_account"}:
            raise _error_page(90023, "The value of the parameter 'prompt' is not supported.")
        if parameters.get("response_mode", "query") not in {"query", "fragment", "form_post"}:
            raise _error_page(90023, "The value of the parameter 'response_mode' is not supported.")
        return app

    def _check_tenant(self, app: App, tenant: str) -> None:
        if tenant in NAMED:
            if tenant == "common" and app.audience == "AzureADMyOrg":
                raise _error_page(50194, "Application is not configured as a multi-tenant application.")
            if tenant == "consumers" and app.audience in WORK_ONLY:
                raise _error_page(9002332, "Application is configured for use by Microsoft Entra users only.")
        elif self._find_tenant(tenant) is None:
            raise _error_page(90002, "The tenant was not found.")

    def _find_tenant(self, name: str) -> Tenant | None:
        for tenant in self._state.tenants.values():
            if name.lower() in {tenant.id, tenant.domain}:
                return tenant
        return None

    def redirect_or_page(self, parameters: Json, tenant: str) -> Redirect | str:
        """Return a redirect if nobody needs to be asked, otherwise the HTML of the consent page."""
        app = self.app(parameters, tenant)
        wanted = scopes.parse_scopes(parameters["scope"])
        hinted = self._hinted_account(parameters)
        held = self._grants.consents.get((hinted, app.id), [])
        known = hinted and not [
            each for each in wanted if each not in held and each not in scopes.SIGN_IN_SCOPES
        ]
        if known and parameters.get("prompt", "") in {"", "none"}:
            return self.answer(
                parameters, tenant, decision="accept", account=self._state.account(hinted).address
            )
        if parameters.get("prompt") == "none":
            if not hinted:
                return _redirect_with_error(
                    parameters, "login_required", 50058, "A silent sign-in request was sent."
                )
            return _redirect_with_error(
                parameters, "interaction_required", 65001, "The user has not consented to use the app."
            )
        people = list(self._state.accounts.values())
        action = f"/{tenant}/oauth2/v2.0/authorize"
        return pages.consent_page(app.id, action, parameters, people=people, hinted=hinted, wanted=wanted)

    def answer(
        self, parameters: Json, tenant: str, *, decision: str, account: str, withheld: list[str] | None = None
    ) -> Redirect:
        """Return the redirect after a person decided.

        `withheld` permissions are left out of the grant without a word, as Microsoft may do.
        """
        app = self.app(parameters, tenant)
        wanted = scopes.parse_scopes(parameters["scope"])
        if decision in CANCEL:
            text = "User declined to consent to access the app."
            return _redirect_with_error(parameters, "access_denied", 65004, text, error_subcode="cancel")
        person = self._state.person(account)
        if decision not in ACCEPT or person is None:
            raise _error_page(90014, "Choose an account, and accept or cancel.")
        self._check_account(app, tenant, person)
        if self._grants.conditional.get(person.email) == 53003:
            raise _error_page(53003, "Access has been blocked by Conditional Access policies.")
        # Signing in includes the second factor, so the policy is satisfied.
        self._grants.conditional.pop(person.email, None)
        home = self._state.tenants[person.tenant]
        if decision == "accept_for_organization" and person.admin:
            home.approved.add(app.id)
        if self._needs_admin(app, home, person, wanted):
            text = "Administrator consent is required."
            return _redirect_with_error(
                parameters, "access_denied", home.refusal, text, error_subcode="cancel"
            )
        if ".default" in wanted:
            held = self._grants.consents.get((person.email, app.id), [])
            wanted = sorted({*held, *wanted} - {".default"})
        granted = [name for name in wanted if name not in (withheld or ())]
        values = {"code": self._grants.authorize(parameters, app, person.email, granted)}
        return _redirect_back(parameters, values | {"session_state": ids.guid("session", person.email)})

    def _check_account(self, app: App, tenant: str, person: Account) -> None:
        wrong = (
            "The user account does not exist in the tenant and cannot access the application in that tenant."
        )
        if tenant == "consumers" and not person.personal:
            raise _error_page(500200, "A personal Microsoft account is required.")
        if tenant == "organizations" and person.personal:
            raise _error_page(50020, wrong)
        if person.personal and app.audience in WORK_ONLY:
            raise _error_page(50020, wrong)
        found = self._find_tenant(tenant)
        only = found.id if found else (app.tenant if app.audience == "AzureADMyOrg" else "")
        if only and person.tenant != only:
            raise _error_page(50020, wrong)

    def _needs_admin(self, app: App, home: Tenant, person: Account, wanted: list[str]) -> bool:
        if not home.admin_consent_required or person.admin or app.id in home.approved:
            return False
        held = self._grants.consents.get((person.email, app.id), [])
        return bool(set(wanted) - scopes.SIGN_IN_SCOPES - set(held))

    def admin_consent(self, parameters: Json, tenant: str, *, decision: str, account: str) -> Redirect:
        """Return the redirect of the admin-consent endpoint."""
        app = self._state.apps.get(parameters.get("client_id", ""))
        if app is None or parameters.get("redirect_uri") not in app.redirect_uris:
            raise _error_page(50011, "The redirect URI specified in the request does not match.")
        person = self._state.person(account)
        if decision in CANCEL or person is None or not person.admin:
            values = {"error": "access_denied", "error_description": sign_in_error(65004).description}
            return _redirect_back(parameters, values | {"admin_consent": "True"})
        home = self._state.tenants[person.tenant]
        self._check_tenant(app, tenant)
        home.approved.add(app.id)
        return _redirect_back(
            parameters, {"admin_consent": "True", "tenant": home.id, "scope": parameters.get("scope", "")}
        )

    def _hinted_account(self, parameters: Json) -> str:
        hinted = self._state.person(parameters.get("login_hint", ""))
        return hinted.email if hinted else ""


def issuer_tenant(tenant: str, state: State) -> str:
    """Return the tenant in the issuer of a discovery document."""
    if tenant == "consumers":
        return PERSONAL_TENANT
    if tenant in NAMED:
        return "{tenantid}"
    found = [each.id for each in state.tenants.values() if tenant.lower() in {each.id, each.domain}]
    if not found:
        raise _error_page(90002, "The tenant was not found.")
    return found[0]


def _error_page(code: int, text: str) -> SignInError:
    return SignInError("invalid_request", code=code, text=text)


def _redirect_with_error(parameters: Json, error: str, code: int, text: str, **more: str) -> Redirect:
    traced = f"Trace ID: {uuid4()}\r\nCorrelation ID: {uuid4()}"
    made = {"error": error, "error_description": f"AADSTS{code}: {text}\r\n{traced}"}
    return _redirect_back(
        parameters, made | more | {"error_uri": f"https://login.microsoftonline.com/error?code={code}"}
    )


def _redirect_back(parameters: Json, values: dict[str, str]) -> Redirect:
    state = {"state": parameters["state"]} if "state" in parameters else {}
    return Redirect(parameters["redirect_uri"], values | state, parameters.get("response_mode", "query"))
