"""The simulated Microsoft as one WSGI application: identity platform, Graph and control API."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from local.microsoft.api import batch
from local.microsoft.api.dispatch import Api
from local.microsoft.api.limits import GRAPH, Limits, Throttle
from local.microsoft.api.messages import ROOT, http_response, read_request
from local.microsoft.api.routes import routes
from local.microsoft.control.admin import Admin
from local.microsoft.control.inspection import Inspection
from local.microsoft.control.owner import Owner
from local.microsoft.errors import GraphError, Json, SignInError
from local.microsoft.events.delta import DeltaRounds
from local.microsoft.faults import ACTIONS, Faults
from local.microsoft.oauth.consent import Consent
from local.microsoft.oauth.endpoints import OAuthEndpoints
from local.microsoft.oauth.grants import Grants
from local.microsoft.oauth.id_tokens import IdTokenSigner
from local.microsoft.push.delivery import Delivery, PostFunction, post
from local.microsoft.push.notifications import Notifications
from local.microsoft.push.subscriptions import Subscriptions
from local.microsoft.settings import Settings
from local.microsoft.state import State
from local.simulation.control_api import ControlApi, bad_arguments

# What GET may ask of the control API; everything else takes POST.
READINGS = frozenset(
    [
        "state",
        "events",
        "calendars",
        "subscriptions",
        "grants",
        "mails",
        "calls",
        "pending_pushes",
        "push_attempts",
        "faults",
        "busy",
        "event",
        "days",
        "default_calendar",
    ]
)


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class MicrosoftSimulator:
    """The identity platform and Graph in one process.

    Call it as a WSGI application; `owner`, `admin` and `inspect` act on it directly, `push` delivers
    notifications.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _wall_clock,
        settings: Settings | None = None,
        limits: Limits = GRAPH,
        send_push: PostFunction = post,
    ) -> None:
        self.settings = settings or Settings()
        state = State(now, self.settings)
        signer, rounds, throttle = IdTokenSigner(), DeltaRounds(), Throttle(limits)
        grants, self._faults = Grants(state, signer), Faults(ACTIONS)
        self.push = Delivery(now, send_push)
        notifications = Notifications(state, self.push)
        self._consent = Consent(state, grants)
        self._oauth = OAuthEndpoints(state, grants, self._consent, signer, self._faults)
        table = routes(rounds, Subscriptions(self.push))
        self._api = Api(state, grants, throttle, self._faults, table)
        self.admin = Admin(state, grants, throttle, rounds, notifications)
        self.owner = Owner(state)
        self.inspect = Inspection(state, grants, self.push, self._faults)
        self.control_api = ControlApi(
            self.admin,
            self.owner,
            self.inspect,
            readings=READINGS,
            refusals={GraphError: bad_arguments, SignInError: bad_arguments},
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one WSGI request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return self.control_api.answer(request)
        if request.path == f"{ROOT}/$batch" and request.method == "POST":
            return http_response(batch.answer(self._api, request), read_request(request))
        if request.path.startswith(f"{ROOT}/"):
            graph_request = read_request(request)
            return http_response(self._api.answer(graph_request, request), graph_request)
        return self._oauth.answer(request) or Response("Not Found", 404, mimetype="text/plain")

    def add_fault(self, action: str, **options: Any) -> None:
        """Script a fault; `faults.Fault` lists the options."""
        self.inspect.add_fault(action, **options)

    def consent(
        self,
        authorize_url: str,
        *,
        account: str = "",
        decision: str = "accept",
        withheld: list[str] | None = None,
    ) -> str:
        """Decide on a consent page without a browser; returns the address that it redirects to."""
        parameters: Json = Request.from_values(authorize_url).args.to_dict()
        tenant = urlsplit(authorize_url).path.split("/")[1]
        if urlsplit(authorize_url).path.endswith("/adminconsent"):
            return self._consent.admin_consent(parameters, tenant, decision=decision, account=account).address
        redirect = self._consent.answer(
            parameters, tenant, decision=decision, account=account, withheld=withheld
        )
        return redirect.address

    def close(self) -> None:
        """End the faults that still wait, and the delivery thread."""
        self._faults.closing.set()
        self.push.stop()
