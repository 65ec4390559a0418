"""Quotas of the Calendar API: units per minute for each user and for each project, in sliding windows."""

# https://developers.google.com/workspace/calendar/api/guides/quota (G78)

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from local.google.errors import ApiError, error_info, usage_limit
from local.google.model import Caller

MINUTE = timedelta(minutes=1)
PATCH_UNITS = 3  # G147
Shape = Literal["classic", "front_end"]


@dataclass(slots=True)
class Limits:
    """How many units a minute are allowed; None: no limit. `shape` and `status` choose the error (G79)."""

    per_user: int | None = None
    per_project: int | None = None
    shape: Shape = "classic"
    status: int = 403


GOOGLE = Limits(per_user=600, per_project=10_000)


def units(verb: str) -> int:
    """The quota units that a request with this HTTP verb costs."""
    return PATCH_UNITS if verb == "PATCH" else 1


class Quota:
    """Counts the units that were spent in the last minute."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._spent: defaultdict[str, deque[tuple[datetime, int]]] = defaultdict(deque)

    def spend(self, caller: Caller, cost: int, now: datetime) -> None:
        """Count a request against its user and its project.

        Raise the quota error, uncounted, if that exceeds a limit.
        """
        user, project = f"u:{caller.project}:{caller.account}", f"p:{caller.project}"
        if self._over(project, cost, now, self.limits.per_project):
            raise limit_error("rateLimitExceeded", shape=self.limits.shape, status=429)
        if self._over(user, cost, now, self.limits.per_user):
            reason = "userRateLimitExceeded" if self.limits.status == 403 else "rateLimitExceeded"
            raise limit_error(reason, shape=self.limits.shape, status=self.limits.status)
        for key in (user, project):
            self._spent[key].append((now, cost))

    def _over(self, key: str, cost: int, now: datetime, limit: int | None) -> bool:
        spent = self._spent[key]
        while spent and spent[0][0] <= now - MINUTE:
            spent.popleft()
        return limit is not None and sum(each for _, each in spent) + cost > limit


def limit_error(
    reason: str, *, shape: Shape = "classic", status: int = 403, retry_after: str = ""
) -> ApiError:
    """The error for an exceeded quota, in the classic format or in the newer one of Google's front end."""
    text = "User Rate Limit Exceeded" if reason == "userRateLimitExceeded" else "Rate Limit Exceeded"
    error = usage_limit(status, reason, text, retry_after=retry_after)
    if shape == "front_end":
        whose = "per minute per user" if reason == "userRateLimitExceeded" else "per minute"
        error.message = (
            f"Quota exceeded for quota metric 'Queries' and limit 'Queries {whose}' of service "
            "'calendar-json.googleapis.com' for consumer 'project_number:1'."
        )
        service = "calendar-json.googleapis.com"
        error.details = [
            error_info("RATE_LIMIT_EXCEEDED", service=service, quota_metric=f"{service}/default")
        ]
    return error
