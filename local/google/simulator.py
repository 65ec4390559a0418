"""The simulated Google as one WSGI application: OAuth server, Calendar API and control API."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from local.google.api import batch
from local.google.api.dispatch import Api
from local.google.api.limits import Limits, Quota
from local.google.api.messages import error_response
from local.google.api.paging import OpenListings
from local.google.api.routes import handlers
from local.google.control.admin import Admin
from local.google.control.inspection import Inspection
from local.google.control.owner import Owner
from local.google.errors import ApiError, Json
from local.google.faults import ACTIONS, Faults
from local.google.oauth.consent import Consent
from local.google.oauth.endpoints import OAuthEndpoints
from local.google.oauth.grants import Grants
from local.google.oauth.id_tokens import IdTokenSigner
from local.google.push.channels import Channels
from local.google.push.delivery import Delivery, PostFunction, post
from local.google.settings import Settings
from local.google.state import State
from local.simulation.control_api import ControlApi

# What GET may ask of the control API; everything else takes POST.
READINGS = frozenset(
    [
        "state",
        "events",
        "channels",
        "grants",
        "mails",
        "calls",
        "pending_pushes",
        "push_attempts",
        "faults",
        "busy",
        "event",
    ]
)


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class GoogleSimulator:
    """Google's OAuth server and Calendar API in one process.

    Call it as a WSGI application; `owner`, `admin` and `inspect` act on it directly, `push` delivers
    notifications.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _wall_clock,
        settings: Settings | None = None,
        limits: Limits | None = None,
        send_push: PostFunction = post,
    ) -> None:
        self.settings = settings or Settings()
        state = State(now, self.settings)
        signer, open_listings, quota = IdTokenSigner(), OpenListings(), Quota(limits or Limits())
        grants = Grants(state, signer)
        self._faults = Faults(ACTIONS, unlisted=frozenset({"frozen"}))
        self.push = Delivery(now, send_push)
        channels = Channels(state, self.push)
        self._consent = Consent(state, grants)
        self._oauth = OAuthEndpoints(state, grants, self._consent, signer, self._faults)
        self._api = Api(state, grants, quota, self._faults, handlers(open_listings, channels))
        self.admin = Admin(state, grants, quota, open_listings)
        self.owner = Owner(state)
        self.inspect = Inspection(state, grants, self.push, self._faults)
        self.control_api = ControlApi(
            self.admin,
            self.owner,
            self.inspect,
            readings=READINGS,
            refusals={ApiError: error_response},
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one WSGI request."""
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return self.control_api.answer(request)
        if request.path.startswith("/batch/calendar/v3"):
            return batch.answer(request, self._api.answer)
        return self._oauth.answer(request) or self._api.answer(request)

    def add_fault(self, action: str, **options: Any) -> None:
        """Script a fault; `faults.Fault` lists the options."""
        self.inspect.add_fault(action, **options)

    def consent(
        self,
        authorize_url: str,
        *,
        account: str,
        decision: str = "allow_all",
        ticked: list[str] | None = None,
    ) -> str:
        """Decide on a consent page without a browser; returns the address that it redirects to."""
        request = Request.from_values(authorize_url)
        parameters: Json = request.args.to_dict()
        return self._consent.answer(parameters, decision=decision, account=account, ticked=ticked or [])

    def close(self) -> None:
        """End the faults that still wait, and the delivery thread."""
        self._faults.closing.set()
        self.push.stop()
