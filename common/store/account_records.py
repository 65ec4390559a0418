"""The stored forms of connections and of their feeds; no grant is among them."""

from __future__ import annotations

from common.domain.account import (
    CalendarEntry,
    Connection,
    Phase,
    ProviderKind,
    Receipt,
    Role,
    Status,
    SyncRun,
)
from common.domain.feed import Channel, Cursor, Feed, Held
from common.domain.settings import (
    BusyRules,
    ExportSettings,
    ImportMode,
    ImportSettings,
    PrivateMode,
    Settings,
)
from common.domain.work import Quarantined
from common.store.codec import INTERVAL, PLAIN, TEXTS, by_name, items, record, word

_CALENDAR = record(
    CalendarEntry,
    key=PLAIN,
    provider_id=PLAIN,
    name=PLAIN,
    zone=PLAIN,
    role=word(Role),
    primary=PLAIN,
    enabled=PLAIN,
    missing_since=PLAIN,
)

_BUSY_RULES = record(
    BusyRules,
    tentative=PLAIN,
    needs_action=PLAIN,
    out_of_office=PLAIN,
    focus_time=PLAIN,
    working_elsewhere=PLAIN,
)

_SETTINGS = record(
    Settings,
    imports=record(
        ImportSettings, on=PLAIN, mode=word(ImportMode), private=word(PrivateMode), busy=_BUSY_RULES
    ),
    exports=record(
        ExportSettings,
        on=PLAIN,
        target=PLAIN,
        dedicated=PLAIN,
        attendee=PLAIN,
        notify=PLAIN,
        auto_accept=PLAIN,
        reminder=PLAIN,
        title=PLAIN,
        description=PLAIN,
    ),
    show_events=PLAIN,
    version=PLAIN,
)

_RUN = record(
    SyncRun,
    id=PLAIN,
    phase=word(Phase),
    seq=PLAIN,
    calendars=TEXTS,
    started_at=PLAIN,
    position=PLAIN,
    imports_total=PLAIN,
    imports_done=PLAIN,
    exports_total=PLAIN,
    exports_done=PLAIN,
    exports_failed=PLAIN,
    export_after=PLAIN,
    notify=PLAIN,
    waiting_until=PLAIN,
    finished_at=PLAIN,
    error=PLAIN,
)

_RECEIPT = record(
    Receipt,
    started_at=PLAIN,
    finished_at=PLAIN,
    channels_stopped=PLAIN,
    events_deleted=PLAIN,
    events_left=PLAIN,
    calendar_removed=PLAIN,
    imports_removed=PLAIN,
    grant_revoked=PLAIN,
    grant_kept_for_other_connection=PLAIN,
    provider_reachable=PLAIN,
)

CONNECTION = record(
    Connection,
    id=PLAIN,
    tenant=PLAIN,
    resource=PLAIN,
    provider=word(ProviderKind),
    account=PLAIN,
    status=word(Status),
    created_at=PLAIN,
    settings=_SETTINGS,
    calendars=by_name(_CALENDAR),
    scopes=TEXTS,
    dedicated_calendar=PLAIN,
    dedicated_pending=PLAIN,
    run=_RUN,
    receipt=_RECEIPT,
    waiting_until=PLAIN,
    error=PLAIN,
    told_at=PLAIN,
    identity=PLAIN,
)

_CHANNEL = record(Channel, id=PLAIN, resource_id=PLAIN, expires_at=PLAIN, created_at=PLAIN, verified_at=PLAIN)

FEED = record(
    Feed,
    tenant=PLAIN,
    connection=PLAIN,
    key=PLAIN,
    cursor=record(Cursor, snapshot=PLAIN, window=INTERVAL, token=PLAIN, page=PLAIN),
    generation=PLAIN,
    done_request=PLAIN,
    lease_holder=PLAIN,
    lease_until=PLAIN,
    covered=INTERVAL,
    fields=PLAIN,
    channel=_CHANNEL,
    old_channels=items(_CHANNEL),
    push_unsupported=PLAIN,
    units=PLAIN,
    listed=PLAIN,
    quarantined=PLAIN,
    sweeping=PLAIN,
    held=record(Held, missing=PLAIN, known=PLAIN, since=PLAIN, released=PLAIN),
    listings=items(PLAIN),
    last_push_at=PLAIN,
    last_applied_at=PLAIN,
    poll_at=PLAIN,
    renew_at=PLAIN,
    error=PLAIN,
    failing_since=PLAIN,
)

QUARANTINED = record(Quarantined, id=PLAIN, reason=PLAIN, at=PLAIN)
