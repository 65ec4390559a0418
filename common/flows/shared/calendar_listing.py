"""Lists an account's calendars anew, and lets everything follow those that have another id now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from common.domain.calendar.connection import CalendarListing, Connection, merge_listing, with_renamed
from common.domain.export.exported_event import with_renamed_leftover
from common.domain.notify import NoticeKind, new_notice
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import followed_calendars
from common.flows.shared.calendar_access import all_calendars, reserve_requests
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import enqueue_settle, enqueue_waiting_work, request_sync
from common.flows.shared.tokens import authorized
from common.ports import Ports


def list_calendars_anew(ports: Ports, connection: Connection, *, lane: Lane) -> Connection:
    """Store the calendars that the account shows now; what each is used for stays as it was.

    A calendar that is missing stays in the list until a person decides, unless it is there under another id:
    then its settings, the bookings' links and the export target follow it. Always a full listing: incremental
    ones do not report a role that was taken away.
    https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list

    Raises:
        Retry: The provider could not be asked, or a link was changed meanwhile.
    """
    provider = ports.providers[connection.provider].calendar
    reserve_requests(ports, connection, units=1, lane=lane)
    entries = authorized(
        ports,
        connection,
        lambda token: all_calendars(lambda page: provider.list_calendars(token, page=page)),
    )
    now = ports.clock.now()
    listing = merge_listing(connection.calendars, entries, now=now, follow=True)
    # Before the connection, which remembers the former ids: whoever dies in between starts over.
    _move_links(ports, connection, listing)

    def with_listing(current: Connection) -> Connection:
        add_new = not current.dedicated_pending
        merged = merge_listing(current.calendars, entries, now=now, add_new=add_new, follow=True)
        return with_renamed(replace(current, calendars=merged.calendars), merged.renamed)

    saved = update_connection(ports, connection.tenant, connection.id, with_listing)
    _notify_of_lost(ports, saved, listing, now)
    if listing.renamed:
        _follow_renamed(ports, saved, listing.renamed)
    if saved.run is not None:
        for key in set(listing.returned) & set(followed_calendars(saved)):
            request_sync(
                ports,
                tenant=saved.tenant,
                connection=saved.id,
                calendar=key,
                cause=f"returned/{ports.keys.token()}",
            )
    return saved


def _move_links(ports: Ports, connection: Connection, listing: CalendarListing) -> None:
    """Let the links of bookings name calendars by their new ids; events keep theirs."""
    if not listing.renamed:
        return
    # Hardly ever; whoever lists calendars starts without what is known of our events.
    from common.flows.shared.own_events import all_links  # noqa: PLC0415

    for link in all_links(ports, connection):
        moved = with_renamed_leftover(link, listing.renamed)
        entry = listing.calendars.get(listing.renamed.get(link.calendar, ""))
        if entry is not None:
            moved = replace(moved, calendar=entry.key, calendar_id=entry.provider_id)
        if moved is not link:
            ports.bookings.save_link(moved)


def _follow_renamed(ports: Ports, connection: Connection, renamed: Mapping[str, str]) -> None:
    """Forget what is stored of calendars under their former ids, and have them read under the new ones."""
    cause = ports.keys.token()
    for key in (*renamed, *renamed.values()):
        enqueue_settle(ports, tenant=connection.tenant, connection=connection.id, calendar=key, cause=cause)
    enqueue_waiting_work(ports, connection, cause=f"renamed/{cause}")
    ports.log.warning(
        "calendar_ids_changed", tenant=connection.tenant, connection=connection.id, count=len(renamed)
    )


def _notify_of_lost(ports: Ports, connection: Connection, listing: CalendarListing, now: datetime) -> None:
    """Notify the owner once of each disappearance, of calendars that were in use only."""
    for key in set(listing.gone) & {*followed_calendars(connection), connection.dedicated_calendar}:
        since = listing.calendars[key].missing_since
        ports.ledger.record_notice(
            new_notice(
                NoticeKind.CALENDAR_GONE,
                tenant=connection.tenant,
                cause=f"{connection.id}-{key}-{int(since.timestamp()) if since else 0}",
                at=now,
                connection=connection.id,
            )
        )
        ports.log.warning("calendar_gone", tenant=connection.tenant, connection=connection.id, calendar=key)
