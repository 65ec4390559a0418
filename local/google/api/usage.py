"""Usage limits of an account and of a calendar, which come long before the quotas of a project."""

# https://support.google.com/a/answer/2905486

from datetime import timedelta

from local.google.errors import usage_limit
from local.google.model import Calendar
from local.google.state import State

MINUTE = timedelta(minutes=1)


def count_write(state: State, calendar: Calendar, account: str) -> None:
    """Count a write to a calendar; 403, uncounted, if the account or the calendar takes no more for now."""
    _check_read_only(state, account)
    _check_rate(state, calendar)
    state.writes_done[account] = state.writes_done.get(account, 0) + 1


def _check_read_only(state: State, account: str) -> None:
    """Answer quotaExceeded while an account is read-only, with guests or without (G76)."""
    budget, now = state.settings.write_budget, state.now()
    until = state.read_only_until.get(account)
    if until is not None and now >= until:
        del state.read_only_until[account]
        state.writes_done.pop(account, None)
    elif until is None and budget is not None and state.writes_done.get(account, 0) >= budget:
        state.read_only_until[account] = now + state.settings.read_only_period
    if account in state.read_only_until:
        raise usage_limit(403, "quotaExceeded", "Calendar usage limits exceeded.")


def _check_rate(state: State, calendar: Calendar) -> None:
    """Answer rateLimitExceeded to the next write of a minute that had as many as a calendar takes (G77)."""
    limit, now = state.settings.calendar_writes, state.now()
    if limit is None:
        return
    recent = [moment for moment in state.calendar_writes.get(calendar.id, ()) if now - moment < MINUTE]
    state.calendar_writes[calendar.id] = recent
    if len(recent) >= limit:
        raise usage_limit(403, "rateLimitExceeded", "Rate Limit Exceeded")
    recent.append(now)
