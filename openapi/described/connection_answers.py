"""The answers of connections: the connection itself, its settings, its calendars, what it imported."""

from __future__ import annotations

from typing import Annotated, Literal

from common.domain.account import ProviderKind, Role, Status
from common.domain.limitations import Limitation
from common.domain.settings import ImportMode, PrivateMode
from openapi.fields import Answer, Id, Key, Moment, Name, Yes, Zone, one_of
from openapi.records import PageOf


class Consent(Answer):
    """Where the browser goes, and until when it may come back."""

    authorization_url: Annotated[str, one_of("https://accounts.google.com/o/oauth2/v2/auth?client_id=...")]
    expires_at: Moment


class BusyRules(Answer):
    """The switches of the blocking table."""

    tentative: Yes
    needs_action: Yes
    out_of_office: Yes
    focus_time: Yes
    working_elsewhere: bool


class Imports(Answer):
    """What is copied of external events."""

    on: Yes
    mode: ImportMode
    private: PrivateMode
    busy: BusyRules


class Exports(Answer):
    """How bookings appear in the provider's calendar."""

    on: Yes
    target: Key | None
    dedicated: bool
    attendee: bool
    notify: bool
    auto_accept: bool
    reminder: Annotated[int, one_of(30)] | None
    title: Annotated[str, one_of("{service}: {customer}")]
    description: Annotated[str, one_of("{note}")]


class ConnectionSettings(Answer):
    """All options as they are; ``version`` goes into If-Match."""

    imports: Imports
    exports: Exports
    show_events: bool
    version: Annotated[int, one_of(3)]


class Calendar(Answer):
    """One calendar of the account."""

    key: Key
    name: Annotated[str, one_of("Work")]
    role: Role
    primary: Yes
    enabled: Yes
    writable: Yes
    time_zone: Zone | None
    dedicated: bool
    missing_since: Moment | None


class Connection(Answer):
    """A connection as staff see it; nothing of the grant."""

    id: Id
    resource: Name
    provider: ProviderKind
    limitations: list[Limitation]
    account: Annotated[str, one_of("anna@example.com")]
    status: Status
    created_at: Moment
    settings: ConnectionSettings
    calendars: list[Calendar]
    waiting_until: Moment | None
    error: Annotated[str, one_of("grant_revoked")] | None


class ConnectionList(PageOf):
    """All connections of the caller's resources."""

    connections: list[Connection]


class DisconnectReceipt(Answer):
    """What disconnecting did; ``provider_reachable`` is false where a dead grant allowed no clean-up."""

    status: Annotated[Status, one_of("disconnected")]
    started_at: Moment
    finished_at: Moment | None
    channels_stopped: int
    events_deleted: int
    events_left: int
    calendar_removed: bool
    imports_removed: int
    grant_revoked: Yes
    grant_kept_for_other_connection: bool
    provider_reachable: Yes


class ImportedEvent(Answer):
    """An imported event; it is changed in the external calendar alone."""

    key: Annotated[str, one_of("2f1c9a")]
    start: Moment
    end: Annotated[Moment, one_of("2027-03-15T10:00:00+01:00")]
    all_day: bool
    blocks: Yes
    private: bool
    title: Annotated[str, one_of("Team meeting")] | None
    description: Annotated[str, one_of("Quarterly numbers")] | None
    read_only: Literal[True]


class CalendarList(PageOf):
    """The account's calendars, its own first."""

    calendars: list[Calendar]


class EventList(PageOf):
    """The imported events of a window, by time."""

    events: list[ImportedEvent]
