"""Talks to Google Calendar, and holds the one table that says what its refusals mean."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

import httplib2
from googleapiclient.discovery import build

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
from common.providers.google.connection import BoundedHttp, Heard, Refused
from common.providers.google.wire import NO_REASON, Refusal, Reply, read_refusal
from common.providers.pool import Pool
from common.providers.refusals import UNAVAILABLE, Outcome, Rule, accepted, by_status, error_of

if TYPE_CHECKING:
    from googleapiclient._apis.calendar.v3.resources import CalendarResource
    from googleapiclient.http import HttpRequest

ENDPOINT = "https://www.googleapis.com/calendar/v3/"

HttpFactory = Callable[[float], httplib2.Http]

# At DEBUG the library logs every address, and an address names the calendar's owner.
logging.getLogger("googleapiclient").setLevel(logging.INFO)


_LIMITED = Rule(RateLimited)
_SCOPE = Rule(GrantRevoked, "scope_missing")
_OPERATOR = Rule(OperatorFault, "api_not_enabled")

# https://developers.google.com/workspace/calendar/api/guides/errors: 403 and 429 are equivalent for rates.
_RATE_REASONS = (
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "dailyLimitExceeded",
    "concurrentLimitExceeded",
    "variableTermLimitExceeded",
    "RATE_LIMIT_EXCEEDED",
    "RESOURCE_EXHAUSTED",
)

# "@x" stands for an error that Google locates in the parameter x: a token that it does not take any more.
RULES: Mapping[tuple[int, str], Rule] = {
    (400, "@syncToken"): Rule(CursorExpired),
    (400, "@pageToken"): Rule(CursorExpired),
    (400, "channelIdNotUnique"): Rule(Conflict, "channel_id_taken"),
    (400, "pushNotSupportedForRequestedResource"): Rule(Forbidden, "push_unsupported"),
    (400, "push.webhookUrlNotHttps"): Rule(OperatorFault, "webhook_refused"),
    (400, "push.webhookUrlUnauthorized"): Rule(OperatorFault, "webhook_refused"),
    **{(400, f"timeRange{fault}"): Rule(UnexpectedReply, "time_range") for fault in ("Empty", "TooLong")},
    (401, "push.webhookUrlUnauthorized"): Rule(OperatorFault, "webhook_refused"),
    **{(status, reason): _LIMITED for status in (403, 429) for reason in _RATE_REASONS},
    **{(status, "quotaExceeded"): Rule(UsageExhausted) for status in (403, 429)},
    (403, "insufficientPermissions"): _SCOPE,
    (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"): _SCOPE,
    **{(403, word): _OPERATOR for word in ("accessNotConfigured", "SERVICE_DISABLED", "CONSUMER_INVALID")},
    (403, "notACalendarUser"): Rule(Stop, "not_a_calendar_user"),
    (403, "domainPolicy"): Rule(Stop, "domain_policy"),
    (403, "forbiddenForNonOrganizer"): Rule(Forbidden, "not_organizer"),
    (403, "requiredAccessLevel"): Rule(Forbidden, "read_only_calendar"),
    (403, "forbidden"): Rule(Forbidden),
    (404, "notFound"): Rule(CalendarGone, outcome=Outcome.MISSING),
    (409, "duplicate"): Rule(UnexpectedReply, "id_taken", Outcome.TAKEN),
    (409, "conflict"): Rule(Conflict),
    (410, "fullSyncRequired"): Rule(CursorExpired),
    (410, "updatedMinTooLongAgo"): Rule(CursorExpired),
    (410, "deleted"): Rule(UnexpectedReply, "deleted", Outcome.DELETED),
    (404, NO_REASON): Rule(CalendarGone, outcome=Outcome.MISSING),
    (409, NO_REASON): Rule(Conflict, outcome=Outcome.TAKEN),
    (410, NO_REASON): Rule(CursorExpired, outcome=Outcome.DELETED),
}
STATUSES: Mapping[int, Rule] = {
    401: Rule(GrantRevoked, "unauthorized"),
    408: UNAVAILABLE,
    # Seen on reads, without any condition in the request, and gone on the next attempt.
    412: UNAVAILABLE,
    429: _LIMITED,
}
# Inside a 200: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy
BUSY_RULES: Mapping[str, Rule] = {
    "notFound": Rule(CalendarGone),
    "internalError": UNAVAILABLE,
    "backendError": UNAVAILABLE,
    "rateLimitExceeded": _LIMITED,
    "groupTooBig": Rule(UnexpectedReply, "group_too_big"),
    "tooManyCalendarsRequested": Rule(UnexpectedReply, "too_many_calendars"),
}
_CHANGED = Rule(UnexpectedReply, "precondition", Outcome.CHANGED)


def rule_for(refusal: Refusal) -> Rule:
    """The reaction to a refusal: by reason, then by status; what is unknown is never taken for harmless."""
    if refusal.status == HTTPStatus.PRECONDITION_FAILED and refusal.conditional:
        return _CHANGED
    for reason in refusal.reasons:
        if rule := RULES.get((refusal.status, reason)):
            return rule
    return by_status(STATUSES, refusal.status)


def error_for(refusal: Refusal) -> SyncError:
    """The error to raise; its text holds Google's own word for the reason and nothing else."""
    return error_of(rule_for(refusal), refusal, who="Google")


class GoogleClient:
    """One service object for all accounts; every call brings its own token.

    An ``httplib2.Http`` serves one thread at a time, so calls borrow one and put it back with its open
    connection: https://github.com/googleapis/google-api-python-client/blob/main/docs/thread_safety.md
    """

    def __init__(
        self,
        *,
        endpoint: str = ENDPOINT,
        timeout: float = 20.0,
        live_timeout: float = 2.0,
        http_factory: HttpFactory = BoundedHttp,
    ) -> None:
        """``timeout`` bounds every wait for the other side, ``live_timeout`` those of live questions."""
        # A connection keeps its time-out, so live questions have connections of their own.
        waits = {False: min(timeout, 20.0), True: min(live_timeout, timeout, 20.0)}
        self._pools = {live: Pool(partial(http_factory, wait)) for live, wait in waits.items()}
        self.service: CalendarResource = build(
            "calendar",
            "v3",
            http=BoundedHttp(timeout),
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": endpoint},
        )

    def read(self, token: str, request: HttpRequest, *, live: bool = False) -> Reply:
        """The JSON object that answers ``request``; every refusal is an error."""
        answer = self.attempt(token, request, live=live)
        if isinstance(answer, Outcome):
            raise UnexpectedReply("an outcome that nobody asked for")
        return answer

    def attempt(
        self,
        token: str,
        request: HttpRequest,
        *,
        accept: Collection[Outcome] = (),
        live: bool = False,
    ) -> Reply | Outcome:
        """The JSON object that answers ``request``, or one of the refusals that the caller accepts."""
        answer = self._exchange(token, request, live=live)
        if isinstance(answer, Refusal):
            return _accepted(answer, accept)
        # A cut-off body comes back as text from the library, without any error.
        if not isinstance(answer, dict):
            raise ProviderUnavailable("Google's answer is not whole", code="unreadable_reply")
        return answer

    def content(self, token: str, request: HttpRequest, *, live: bool = False) -> bytes:
        """The bytes of the answer, for whoever knows its form; every refusal is an error."""
        request.postproc = _raw
        answer = self._exchange(token, request, live=live)
        if isinstance(answer, Refusal):
            raise error_for(answer)
        return bytes(answer) if isinstance(answer, bytes) else b""

    def tell(self, token: str, request: HttpRequest, *, accept: Collection[Outcome] = ()) -> Outcome | None:
        """Send a request whose answer is empty; one of the accepted refusals, or None."""
        answer = self._exchange(token, request, live=False)
        return _accepted(answer, accept) if isinstance(answer, Refusal) else None

    def close(self) -> None:
        """Close the connections that are open and idle."""
        for pool in self._pools.values():
            pool.close()

    def _exchange(self, token: str, request: HttpRequest, *, live: bool) -> object:
        request.headers = {**(request.headers or {}), "authorization": f"Bearer {token}"}
        conditional = "If-Match" in request.headers
        with self._pools[live].borrowed() as http:
            heard: Any = Heard(http)
            try:
                return request.execute(http=heard, num_retries=0)
            except Refused as refused:
                status, headers, content = refused.args
                return read_refusal(status, headers, content, conditional=conditional)
            # Without the cause: the library's texts hold the address, and with it the calendar's owner.
            except (OSError, HTTPException, httplib2.HttpLib2Error):
                raise ProviderUnavailable("Google Calendar could not be reached") from None
            except (UnicodeDecodeError, RecursionError):
                raise ProviderUnavailable("Google's answer is not whole", code="unreadable_reply") from None


def _accepted(refusal: Refusal, accept: Collection[Outcome]) -> Outcome:
    return accepted(rule_for(refusal), error_for(refusal), accept)


def _raw(_: object, content: bytes) -> bytes:
    return content
