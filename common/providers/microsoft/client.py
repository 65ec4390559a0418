"""Talks to Microsoft Graph, and holds the one table that says what its refusals mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests

from common.errors import (
    CalendarGone,
    Conflict,
    CursorExpired,
    Forbidden,
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    Stop,
    SyncError,
    UnexpectedReply,
    UsageExhausted,
)
from common.providers.lenient import parsed
from common.providers.microsoft.connection import Heard, Unreachable, exchange, forgetful
from common.providers.microsoft.wire import Ask, Refusal, Reply, read_refusal
from common.providers.pool import Pool
from common.providers.refusals import UNAVAILABLE, Outcome, Rule, accepted, by_status, error_of

ENDPOINT = "https://graph.microsoft.com/v1.0"

SessionFactory = Callable[[], requests.Session]


_ANY = 0
_LIMITED = Rule(RateLimited)
_EXPIRED = Rule(CursorExpired)
_MISSING = Rule(CalendarGone, outcome=Outcome.MISSING)
_MAILBOX = Rule(Stop, "mailbox_unsupported")
_SCOPE = Rule(GrantRevoked, "scope_missing")
_FULL = Rule(UsageExhausted, "mailbox_full")

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

_RULES: Mapping[tuple[int, str], Rule] = {
    **{(_ANY, code): _EXPIRED for code in _LOST_STATES},
    **{(_ANY, code): _LIMITED for code in _LIMITS},
    **{(_ANY, code): _MAILBOX for code in _NO_MAILBOX},
    **{(_ANY, code): UNAVAILABLE for code in _TRANSIENT},
    (_ANY, "ErrorIrresolvableConflict"): Rule(Conflict, "event_busy", Outcome.CHANGED),
    (_ANY, "ErrorQuotaExceeded"): _FULL,
    (400, "ErrorInvalidIdMalformed"): _MISSING,
    (400, "ErrorInvalidId"): _MISSING,
    (400, "ErrorDeleteDistinguishedFolder"): Rule(Forbidden, "default_calendar"),
    (400, "TimeZoneNotSupportedException"): Rule(UnexpectedReply, "time_zone"),
    (400, "ExtensionError"): Rule(Forbidden, "push_unsupported"),
    (400, "ValidationError"): Rule(OperatorFault, "webhook_refused"),
    **{(403, code): Rule(Forbidden) for code in _DENIED},
    (403, "ErrorInsufficientPermissionsInAccessToken"): _SCOPE,
    (403, "ErrorCannotDeleteObject"): Rule(Forbidden, "read_only_calendar"),
    (403, "insufficient_claims"): Rule(GrantRevoked, "interaction_required"),
    (403, "ExtensionError"): Rule(Forbidden, "push_unsupported"),
    **{(404, code): _MISSING for code in _MISSING_CODES},
    (404, "ExtensionError"): Rule(Forbidden, "push_unsupported"),
    (409, "ErrorFolderExists"): Rule(Forbidden, "name_taken"),
    (409, "ErrorDuplicateTransactionId"): Rule(UnexpectedReply, "id_taken", Outcome.TAKEN),
    (409, "nameAlreadyExists"): Rule(UnexpectedReply, "id_taken", Outcome.TAKEN),
}
RULES: Mapping[tuple[int, str], Rule] = {
    (status, code.lower()): rule for (status, code), rule in _RULES.items()
}
STATUSES: Mapping[int, Rule] = {
    401: Rule(GrantRevoked, "unauthorized"),
    403: Rule(Forbidden),
    408: UNAVAILABLE,
    409: Rule(Conflict, outcome=Outcome.TAKEN),
    410: _EXPIRED,
    412: Rule(Conflict, "event_busy", Outcome.CHANGED),
    423: Rule(Conflict),
    424: UNAVAILABLE,
    429: _LIMITED,
    507: _FULL,
    509: _LIMITED,
}


def rule_for(refusal: Refusal) -> Rule:
    """The reaction to a refusal: by code, then by status; what is unknown is never taken for harmless."""
    for code in refusal.codes:
        for status in (refusal.status, _ANY):
            if rule := RULES.get((status, code.lower())):
                return rule
    return by_status(STATUSES, refusal.status)


def error_for(refusal: Refusal) -> SyncError:
    """The error to raise; its text holds Graph's own word for the reason and nothing else."""
    return error_of(rule_for(refusal), refusal, who="Graph")


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

    def read(self, token: str, ask: Ask, *, live: bool = False) -> Reply:
        """The JSON object that answers ``ask``; every refusal is an error."""
        answer = self.attempt(token, ask, live=live)
        if isinstance(answer, Outcome):
            raise UnexpectedReply("an outcome that nobody asked for")
        return answer

    def attempt(
        self, token: str, ask: Ask, *, accept: Collection[Outcome] = (), live: bool = False
    ) -> Reply | Outcome:
        """The JSON object that answers ``ask``, or one of the refusals that the caller accepts."""
        heard = self._heard(token, ask, live=live)
        body = parsed(heard.content)
        if heard.status >= HTTPStatus.MULTIPLE_CHOICES:
            return _accepted(read_refusal(heard.status, heard.headers, body), accept)
        if not isinstance(body, dict):
            raise ProviderUnavailable("Graph's answer is not whole", code="unreadable_reply")
        return body

    def content(self, token: str, ask: Ask) -> bytes:
        """The bytes of the answer, for whoever knows its form; every refusal is an error."""
        heard = self._heard(token, ask, live=False)
        if heard.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise error_for(read_refusal(heard.status, heard.headers, parsed(heard.content)))
        return heard.content

    def tell(self, token: str, ask: Ask, *, accept: Collection[Outcome] = ()) -> Outcome | None:
        """Send a request whose answer is empty; one of the accepted refusals, or None."""
        heard = self._heard(token, ask, live=False)
        if heard.status >= HTTPStatus.MULTIPLE_CHOICES:
            return _accepted(read_refusal(heard.status, heard.headers, parsed(heard.content)), accept)
        return None

    def own(self, link: str) -> bool:
        """Whether a link leads to Graph itself: a bearer token goes nowhere else."""
        parts, home = urlsplit(link), urlsplit(f"{self._endpoint}/")
        inside = parts.path.startswith(home.path)
        return (parts.scheme, parts.netloc) == (home.scheme, home.netloc) and inside

    def relative(self, ask: Ask) -> str:
        """The address of a question inside a batch."""
        return self._address(ask).removeprefix(self._endpoint)

    def close(self) -> None:
        """Close the connections that are open and idle."""
        self._pool.close()

    def _address(self, ask: Ask) -> str:
        if ask.path.startswith("/") and not ask.path.startswith("//"):
            return f"{self._endpoint}{ask.target}"
        if not self.own(ask.path):
            raise CursorExpired("a page that is not Graph's", code="foreign_link")
        return ask.path

    def _heard(self, token: str, ask: Ask, *, live: bool) -> Heard:
        request: dict[str, Any] = {
            "method": ask.method,
            "url": self._address(ask),
            "headers": {**ask.headers, "Accept": "application/json", "client-request-id": str(uuid4())},
        }
        if ask.body is not None:
            request["json"] = ask.body
        with self._pool.borrowed() as session:
            try:
                return exchange(session, token, timeout=self._timeouts[live], **request)
            except Unreachable:
                raise ProviderUnavailable("Microsoft Graph could not be reached") from None


def _accepted(refusal: Refusal, accept: Collection[Outcome]) -> Outcome:
    return accepted(rule_for(refusal), error_for(refusal), accept)
