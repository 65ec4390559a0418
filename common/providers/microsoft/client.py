"""Calls Microsoft Graph over bounded connections, and holds the one table of what its refusals mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from urllib3.exceptions import HTTPError

from common.errors import (
    SCOPE_MISSING,
    AccountClosed,
    CalendarGone,
    Conflict,
    CursorExpired,
    Forbidden,
    GrantDoubted,
    OperatorFault,
    PartRefused,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
    UsageExhausted,
)
from common.providers.answers import parsed_json
from common.providers.calls import (
    UNAVAILABLE,
    Pool,
    RefusalOutcome,
    RefusalRule,
    accepted,
    by_status,
    error_of,
)
from common.providers.microsoft.request_bodies import GraphRefusal, GraphRequest, Reply, read_refusal

LARGEST_ANSWER = 32 * 2**20
_PIECE = 65_536


class Unreachable(Exception):
    """There is no whole answer."""


@dataclass(frozen=True, slots=True)
class GraphResponse:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class _Bearer(requests.auth.AuthBase):
    """The token, and nothing that a file on this machine may hold for the host instead."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def forgetful(session: requests.Session, *, home: str) -> requests.Session:
    """A session with one host that carries nothing from one account to the next.

    What the environment says of proxies and certificates is read here: the library reads it anew for every
    call, which takes as long as the rest of the call.
    """
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    found = session.merge_environment_settings(home, {}, None, None, None)
    session.proxies, session.verify, session.trust_env = found["proxies"], found["verify"], False
    return session


def exchange(session: requests.Session, token: str, *, timeout: float, **request: Any) -> GraphResponse:
    """One request and its whole answer; no redirect is followed, and nothing is tried again.

    A socket's time-out starts anew with every byte, so that a trickle would hold a worker for ever: the
    answer as a whole takes no longer than the wait for a single byte.

    Raises:
        Unreachable: There is none; without the cause, which names the address and with it the account.
    """
    limit = monotonic() + 2 * timeout
    try:
        prepared = _prepared(session, token, **request)
        verify = True if session.verify is None else session.verify
        answer = session.get_adapter(str(prepared.url)).send(
            prepared, timeout=timeout, stream=True, verify=verify, proxies=session.proxies
        )
        try:
            return GraphResponse(answer.status_code, answer.headers, b"".join(_pieces(answer, limit)))
        finally:
            answer.close()
    except (requests.RequestException, HTTPError, OSError):
        raise Unreachable from None


def _prepared(
    session: requests.Session, token: str, *, headers: Mapping[str, str], **request: Any
) -> requests.PreparedRequest:
    """The request alone: a session would mix cookies into it, and look where its answer redirects to."""
    prepared = requests.PreparedRequest()
    prepared.prepare(**request, headers={**session.headers, **headers}, auth=_Bearer(token))
    return prepared


def _pieces(answer: requests.Response, limit: float) -> Iterator[bytes]:
    size = 0
    while piece := answer.raw.read1(_PIECE, decode_content=True):
        size += len(piece)
        if size > LARGEST_ANSWER or monotonic() > limit:
            raise TimeoutError("an answer that does not end")
        yield piece


ENDPOINT = "https://graph.microsoft.com/v1.0"
SessionFactory = Callable[[], requests.Session]
_ANY = 0
_LIMITED = RefusalRule(RateLimited)
_EXPIRED = RefusalRule(CursorExpired)
_MISSING = RefusalRule(CalendarGone, outcome=RefusalOutcome.MISSING)
_MAILBOX = RefusalRule(AccountClosed, "mailbox_unsupported")
_SCOPE = RefusalRule(Forbidden, SCOPE_MISSING)
# Subscriptions only: it wraps whatever the service behind them said, passing states as well.
_PUSH = RefusalRule(Forbidden, "push_refused")
_FULL = RefusalRule(UsageExhausted, "mailbox_full")
# Real answers spell these codes in several ways, with several statuses, and inside one another:
# https://learn.microsoft.com/graph/delta-query-overview and https://learn.microsoft.com/graph/errors
_LOST_STATES = (
    "syncStateNotFound",
    "syncStateInvalid",
    "ErrorInvalidSyncStateData",
    "resyncRequired",
    "resyncChangesApplyDifferences",
    "resyncChangesUploadDifferences",
    "fullSyncRequired",
)
_LIMITS = (
    "ApplicationThrottled",
    "MailboxConcurrency",
    "TooManyRequests",
    "activityLimitReached",
    "ErrorServerBusy",
)
_MISSING_CODES = ("ErrorItemNotFound", "itemNotFound", "ResourceNotFound", "ErrorObjectNotFound")
_NO_MAILBOX = ("MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "ErrorNonExistentMailbox")
_DENIED = ("ErrorAccessDenied", "accessDenied", "Forbidden", "Authorization_RequestDenied", "notAllowed")
_TRANSIENT = ("ErrorMailboxStoreUnavailable", "ErrorInternalServerTransientError", "ErrorTimeoutExpired")
_RULES: Mapping[tuple[int, str], RefusalRule] = {
    **{(_ANY, code): _EXPIRED for code in _LOST_STATES},
    **{(_ANY, code): _LIMITED for code in _LIMITS},
    **{(_ANY, code): _MAILBOX for code in _NO_MAILBOX},
    **{(_ANY, code): UNAVAILABLE for code in _TRANSIENT},
    (_ANY, "ErrorIrresolvableConflict"): RefusalRule(Conflict, "event_busy", RefusalOutcome.CHANGED),
    (_ANY, "ErrorQuotaExceeded"): _FULL,
    # The mailbox may send no more mails for today, and an invitation is one.
    (_ANY, "ErrorSubmissionQuotaExceeded"): RefusalRule(UsageExhausted, "invitations_exhausted"),
    (400, "ErrorInvalidRequest"): RefusalRule(UnexpectedReply, outcome=RefusalOutcome.NO_SERIES),
    (400, "ErrorOccurrenceCrossingBoundary"): RefusalRule(
        UnexpectedReply, "occurrence_boundary", RefusalOutcome.IMMOVABLE
    ),
    (400, "ErrorInvalidIdMalformed"): _MISSING,
    (400, "ErrorInvalidId"): _MISSING,
    # Times in another zone than the series was made in, without its recurrence.
    (400, "ErrorPropertyValidationFailure"): RefusalRule(
        UnexpectedReply, "property_refused", RefusalOutcome.OTHER_ZONE
    ),
    **{
        (400, code): RefusalRule(PartRefused, "guest_refused")
        for code in ("ErrorInvalidRecipients", "ErrorInvalidSmtpAddress")
    },
    (400, "ErrorDeleteDistinguishedFolder"): RefusalRule(Forbidden, "default_calendar"),
    (400, "TimeZoneNotSupportedException"): RefusalRule(UnexpectedReply, "time_zone"),
    **{(status, "ExtensionError"): _PUSH for status in (400, 401, 403, 404)},
    (400, "ValidationError"): RefusalRule(OperatorFault, "webhook_refused"),
    **{(403, code): RefusalRule(Forbidden) for code in _DENIED},
    (403, "ErrorInsufficientPermissionsInAccessToken"): _SCOPE,
    (403, "ErrorCannotDeleteObject"): RefusalRule(Forbidden, "read_only_calendar"),
    (403, "insufficient_claims"): RefusalRule(GrantDoubted, "interaction_required"),
    **{(404, code): _MISSING for code in _MISSING_CODES},
    (409, "ErrorFolderExists"): RefusalRule(Forbidden, "name_taken"),
    # Real answers have either status, with the id of the event that was made with the transaction.
    **{
        (status, "ErrorDuplicateTransactionId"): RefusalRule(
            UnexpectedReply, "id_taken", RefusalOutcome.TAKEN
        )
        for status in (400, 409)
    },
    (409, "nameAlreadyExists"): RefusalRule(UnexpectedReply, "id_taken", RefusalOutcome.TAKEN),
}
RULES: Mapping[tuple[int, str], RefusalRule] = {
    (status, code.lower()): rule for (status, code), rule in _RULES.items()
}
STATUSES: Mapping[int, RefusalRule] = {
    # Seen for good tokens as well, in outages of hours: only the endpoint for tokens ends a grant.
    401: RefusalRule(GrantDoubted, "unauthorized"),
    403: RefusalRule(Forbidden),
    408: UNAVAILABLE,
    409: RefusalRule(Conflict, outcome=RefusalOutcome.TAKEN),
    410: _EXPIRED,
    412: RefusalRule(Conflict, "event_busy", RefusalOutcome.CHANGED),
    423: RefusalRule(Conflict),
    424: UNAVAILABLE,
    429: _LIMITED,
    507: _FULL,
    509: _LIMITED,
}


def rule_for(refusal: GraphRefusal) -> RefusalRule:
    """The reaction to a refusal: by code, then by status; what is unknown is never taken for harmless."""
    for code in refusal.codes:
        for status in (refusal.status, _ANY):
            if rule := RULES.get((status, code.lower())):
                return rule
    return by_status(STATUSES, refusal.status)


def error_for(refusal: GraphRefusal) -> SyncError:
    """The error to raise; its text holds Graph's own word for the reason and nothing else."""
    return error_of(rule_for(refusal), refusal, who="Graph")


@dataclass(frozen=True, slots=True)
class Existing:
    """The event that a transaction has made before; without ``id`` it has to be looked for."""

    id: str | None


class GraphClient:
    """One client for all accounts: every call brings its own token, and borrows a session for itself."""

    def __init__(
        self,
        *,
        endpoint: str = ENDPOINT,
        timeout: float = 20.0,
        live_timeout: float = 2.0,
        session_factory: SessionFactory = requests.Session,
    ) -> None:
        """``timeout`` bounds every wait for the other side, ``live_timeout`` those of live questions."""
        self._endpoint = endpoint.rstrip("/")
        self._timeouts = {False: min(timeout, 20.0), True: min(live_timeout, timeout, 20.0)}
        self._pool = Pool(lambda: forgetful(session_factory(), home=self._endpoint))

    def read(self, token: str, request: GraphRequest, *, live: bool = False) -> Reply:
        """The JSON object that answers ``request``; every refusal is an error."""
        answer = self.attempt(token, request, live=live)
        if isinstance(answer, RefusalOutcome):
            raise UnexpectedReply("an outcome that nobody asked for")
        return answer

    def attempt(
        self,
        token: str,
        request: GraphRequest,
        *,
        accept: Collection[RefusalOutcome] = (),
        live: bool = False,
    ) -> Reply | RefusalOutcome:
        """The JSON object that answers ``request``, or one of the refusals that the caller accepts."""
        response = self._exchange(token, request, live=live)
        body = parsed_json(response.content)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            return _accepted(read_refusal(response.status, response.headers, body), accept)
        if not isinstance(body, dict):
            raise ProviderUnavailable("Graph's answer is not whole", code="unreadable_reply")
        return body

    def create(self, token: str, request: GraphRequest) -> Reply | Existing:
        """The JSON object that answers a POST, or the event that the same transaction has made before."""
        response = self._exchange(token, request, live=False)
        body = parsed_json(response.content)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            refusal = read_refusal(response.status, response.headers, body)
            _accepted(refusal, {RefusalOutcome.TAKEN})
            return Existing(refusal.existing_event)
        if not isinstance(body, dict):
            raise ProviderUnavailable("Graph's answer is not whole", code="unreadable_reply")
        return body

    def content(self, token: str, request: GraphRequest) -> bytes:
        """The bytes of the answer, for whoever knows its form; every refusal is an error."""
        response = self._exchange(token, request, live=False)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise error_for(read_refusal(response.status, response.headers, parsed_json(response.content)))
        return response.content

    def send(
        self, token: str, request: GraphRequest, *, accept: Collection[RefusalOutcome] = ()
    ) -> RefusalOutcome | None:
        """Send a request whose answer is empty; one of the accepted refusals, or None.

        Any other answer comes from somebody in between, who did nothing.
        """
        response = self._exchange(token, request, live=False)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            return _accepted(
                read_refusal(response.status, response.headers, parsed_json(response.content)), accept
            )
        if response.status != HTTPStatus.NO_CONTENT:
            raise ProviderUnavailable("Graph's answer is not empty", code="unreadable_reply")
        return None

    def own(self, link: str) -> bool:
        """Whether a link leads to Graph itself: a bearer token goes nowhere else."""
        parts, home = urlsplit(link), urlsplit(f"{self._endpoint}/")
        inside = parts.path.startswith(home.path)
        return (parts.scheme, parts.netloc) == (home.scheme, home.netloc) and inside

    def relative(self, request: GraphRequest) -> str:
        """The address of a question inside a batch."""
        return self._address(request).removeprefix(self._endpoint)

    def close(self) -> None:
        """Close the connections that are open and idle."""
        self._pool.close()

    def _address(self, request: GraphRequest) -> str:
        if request.path.startswith("/") and not request.path.startswith("//"):
            return f"{self._endpoint}{request.target}"
        if not self.own(request.path):
            raise CursorExpired("a page that is not Graph's", code="foreign_link")
        return request.path

    def _exchange(self, token: str, request: GraphRequest, *, live: bool) -> GraphResponse:
        options: dict[str, Any] = {
            "method": request.method,
            "url": self._address(request),
            "headers": {**request.headers, "Accept": "application/json", "client-request-id": str(uuid4())},
        }
        if request.body is not None:
            options["json"] = request.body
        with self._pool.borrowed() as session:
            try:
                return exchange(session, token, timeout=self._timeouts[live], **options)
            except Unreachable:
                raise ProviderUnavailable("Microsoft Graph could not be reached") from None


def _accepted(refusal: GraphRefusal, accept: Collection[RefusalOutcome]) -> RefusalOutcome:
    return accepted(rule_for(refusal), error_for(refusal), accept)
