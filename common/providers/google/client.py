"""Calls Google Calendar over bounded connections, and holds the one table of what its refusals mean."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead
from socket import socket
from time import monotonic
from typing import TYPE_CHECKING, Any

import httplib2
from googleapiclient.discovery import build

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
from common.providers.calls import (
    UNAVAILABLE,
    Pool,
    RefusalOutcome,
    RefusalRule,
    accepted,
    by_status,
    error_of,
)
from common.providers.google.request_bodies import NO_REASON, GoogleRefusal, Reply, read_refusal

if TYPE_CHECKING:
    from googleapiclient._apis.calendar.v3.resources import CalendarResource
    from googleapiclient.http import HttpRequest


LARGEST_ANSWER = 32 * 2**20
_PIECE = 65_536
_PATIENCE = 20.0


class _Bounded(HTTPResponse):
    """A body that takes no longer as a whole than the connection waits for a single byte.

    A socket's time-out starts anew with every byte, so that a trickle would hold a worker for ever.
    """

    def __init__(self, sock: socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._patience = sock.gettimeout() or _PATIENCE

    def read(self, amt: int | None = None) -> bytes:
        if amt is not None:
            return super().read(amt)
        try:
            body = b"".join(self._pieces(monotonic() + self._patience))
        finally:
            self.close()
        if self.length:
            raise IncompleteRead(body, self.length)
        return body

    def _pieces(self, limit: float) -> Iterator[bytes]:
        size = 0
        while piece := self.read1(_PIECE):
            size += len(piece)
            if size > LARGEST_ANSWER or monotonic() > limit:
                raise TimeoutError("an answer that does not end")
            yield piece


class _Plain(httplib2.HTTPConnectionWithTimeout):
    """Without TLS: a simulator on this machine."""

    response_class = _Bounded


class _Secure(httplib2.HTTPSConnectionWithTimeout):
    """With TLS."""

    response_class = _Bounded


class BoundedHttp(httplib2.Http):
    """An httplib2 connection over bounded answers, which follows no redirect.

    A bearer token goes to the address that it was meant for.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.follow_redirects = False

    def request(self, uri: str, *args: Any, **options: Any) -> tuple[httplib2.Response, bytes]:
        """One request, over a bounded connection."""
        kind = _Secure if uri.startswith("https:") else _Plain
        response, content = super().request(uri, *args, **{"connection_type": kind, **options})
        return response, content


class GoogleRefused(Exception):
    """Status, headers and body of an answer that is no success."""


class RefusalFilter:
    """A connection whose refusals never reach the library: it logs their texts and stumbles over odd ones."""

    def __init__(self, http: httplib2.Http) -> None:
        self._http = http

    def request(self, uri: str, method: str, **sent: Any) -> tuple[httplib2.Response, bytes]:
        """One request.

        Raises:
            Refused: The answer is no success.
        """
        response, content = self._http.request(uri, method, **sent)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise GoogleRefused(response.status, response, content)
        return response, content


ENDPOINT = "https://www.googleapis.com/calendar/v3/"
HttpFactory = Callable[[float], httplib2.Http]
# At DEBUG the library logs every address, and an address names the calendar's owner.
logging.getLogger("googleapiclient").setLevel(logging.INFO)
_LIMITED = RefusalRule(RateLimited)
_SCOPE = RefusalRule(Forbidden, SCOPE_MISSING)
_OPERATOR = RefusalRule(OperatorFault, "api_not_enabled")
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
RULES: Mapping[tuple[int, str], RefusalRule] = {
    (400, "@syncToken"): RefusalRule(CursorExpired),
    (400, "@pageToken"): RefusalRule(CursorExpired),
    (400, "@eventId"): RefusalRule(UnexpectedReply, "no_series", RefusalOutcome.NO_SERIES),
    (400, "#attendee"): RefusalRule(PartRefused, "guest_refused"),
    (400, "#time_zone"): RefusalRule(PartRefused, "zone_refused"),
    **{
        (400, reason): RefusalRule(PartRefused, "reminder_refused")
        for reason in ("cannotUseDefaultRemindersAndSpecifyOverride", "eventRemindersCountExceedsLimit")
    },
    (400, "channelIdNotUnique"): RefusalRule(Conflict, "channel_id_taken"),
    (400, "pushNotSupportedForRequestedResource"): RefusalRule(Forbidden, "push_unsupported"),
    (400, "push.webhookUrlNotHttps"): RefusalRule(OperatorFault, "webhook_refused"),
    (400, "push.webhookUrlUnauthorized"): RefusalRule(OperatorFault, "webhook_refused"),
    **{
        (400, f"timeRange{fault}"): RefusalRule(UnexpectedReply, "time_range")
        for fault in ("Empty", "TooLong")
    },
    (401, "push.webhookUrlUnauthorized"): RefusalRule(OperatorFault, "webhook_refused"),
    **{(status, reason): _LIMITED for status in (403, 429) for reason in _RATE_REASONS},
    **{(status, "quotaExceeded"): RefusalRule(UsageExhausted) for status in (403, 429)},
    (403, "insufficientPermissions"): _SCOPE,
    (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"): _SCOPE,
    **{(403, word): _OPERATOR for word in ("accessNotConfigured", "SERVICE_DISABLED", "CONSUMER_INVALID")},
    (403, "notACalendarUser"): RefusalRule(AccountClosed, "not_a_calendar_user"),
    (403, "domainPolicy"): RefusalRule(AccountClosed, "domain_policy"),
    (403, "forbiddenForNonOrganizer"): RefusalRule(Forbidden, "not_organizer"),
    (403, "requiredAccessLevel"): RefusalRule(Forbidden, "read_only_calendar"),
    (403, "forbidden"): RefusalRule(Forbidden),
    (404, "notFound"): RefusalRule(CalendarGone, outcome=RefusalOutcome.MISSING),
    (409, "duplicate"): RefusalRule(UnexpectedReply, "id_taken", RefusalOutcome.TAKEN),
    (409, "conflict"): RefusalRule(Conflict),
    (410, "fullSyncRequired"): RefusalRule(CursorExpired),
    (410, "updatedMinTooLongAgo"): RefusalRule(CursorExpired),
    (410, "deleted"): RefusalRule(UnexpectedReply, "deleted", RefusalOutcome.DELETED),
    (404, NO_REASON): RefusalRule(CalendarGone, outcome=RefusalOutcome.MISSING),
    (409, NO_REASON): RefusalRule(Conflict, outcome=RefusalOutcome.TAKEN),
    (410, NO_REASON): RefusalRule(CursorExpired, outcome=RefusalOutcome.DELETED),
}
STATUSES: Mapping[int, RefusalRule] = {
    # Seen for good tokens as well, in outages of hours: only the endpoint for tokens ends a grant.
    401: RefusalRule(GrantDoubted, "unauthorized"),
    408: UNAVAILABLE,
    # Seen on reads, without any condition in the request, and gone on the next attempt.
    412: UNAVAILABLE,
    429: _LIMITED,
}
# Inside a 200: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy
BUSY_RULES: Mapping[str, RefusalRule] = {
    "notFound": RefusalRule(CalendarGone),
    "internalError": UNAVAILABLE,
    "backendError": UNAVAILABLE,
    "rateLimitExceeded": _LIMITED,
    "groupTooBig": RefusalRule(UnexpectedReply, "group_too_big"),
    "tooManyCalendarsRequested": RefusalRule(UnexpectedReply, "too_many_calendars"),
}
_CHANGED = RefusalRule(UnexpectedReply, "precondition", RefusalOutcome.CHANGED)


def rule_for(refusal: GoogleRefusal) -> RefusalRule:
    """The reaction to a refusal: by reason, then by status; what is unknown is never taken for harmless."""
    if refusal.status == HTTPStatus.PRECONDITION_FAILED and refusal.conditional:
        return _CHANGED
    for reason in refusal.reasons:
        if rule := RULES.get((refusal.status, reason)):
            return rule
    return by_status(STATUSES, refusal.status)


def error_for(refusal: GoogleRefusal) -> SyncError:
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
        if isinstance(answer, RefusalOutcome):
            raise UnexpectedReply("an outcome that nobody asked for")
        return answer

    def attempt(
        self,
        token: str,
        request: HttpRequest,
        *,
        accept: Collection[RefusalOutcome] = (),
        live: bool = False,
    ) -> Reply | RefusalOutcome:
        """The JSON object that answers ``request``, or one of the refusals that the caller accepts."""
        answer = self._exchange(token, request, live=live)
        if isinstance(answer, GoogleRefusal):
            return _accepted(answer, accept)
        # A cut-off body comes back as text from the library, without any error.
        if not isinstance(answer, dict):
            raise ProviderUnavailable("Google's answer is not whole", code="unreadable_reply")
        return answer

    def content(self, token: str, request: HttpRequest, *, live: bool = False) -> bytes:
        """The bytes of the answer, for whoever knows its form; every refusal is an error."""
        request.postproc = _raw
        answer = self._exchange(token, request, live=live)
        if isinstance(answer, GoogleRefusal):
            raise error_for(answer)
        return bytes(answer) if isinstance(answer, bytes) else b""

    def send(
        self, token: str, request: HttpRequest, *, accept: Collection[RefusalOutcome] = ()
    ) -> RefusalOutcome | None:
        """Send a request whose answer is empty; one of the accepted refusals, or None.

        Any other answer comes from somebody in between, who did nothing.
        """
        request.postproc = _status
        answer = self._exchange(token, request, live=False)
        if isinstance(answer, GoogleRefusal):
            return _accepted(answer, accept)
        if answer != HTTPStatus.NO_CONTENT:
            raise ProviderUnavailable("Google's answer is not empty", code="unreadable_reply")
        return None

    def close(self) -> None:
        """Close the connections that are open and idle."""
        for pool in self._pools.values():
            pool.close()

    def _exchange(self, token: str, request: HttpRequest, *, live: bool) -> object:
        request.headers = {**(request.headers or {}), "authorization": f"Bearer {token}"}
        conditional = "If-Match" in request.headers
        with self._pools[live].borrowed() as http:
            connection: Any = RefusalFilter(http)
            try:
                return request.execute(http=connection, num_retries=0)
            except GoogleRefused as refused:
                status, headers, content = refused.args
                return read_refusal(status, headers, content, conditional=conditional)
            # Without the cause: the library's texts hold the address, and with it the calendar's owner.
            except (OSError, HTTPException, httplib2.HttpLib2Error):
                raise ProviderUnavailable("Google Calendar could not be reached") from None
            except (UnicodeDecodeError, RecursionError):
                raise ProviderUnavailable("Google's answer is not whole", code="unreadable_reply") from None


def _accepted(refusal: GoogleRefusal, accept: Collection[RefusalOutcome]) -> RefusalOutcome:
    return accepted(rule_for(refusal), error_for(refusal), accept)


def _raw(_: object, content: bytes) -> bytes:
    return content


def _status(response: httplib2.Response, _: object) -> int:
    return int(response.status)
