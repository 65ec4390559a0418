"""Models of the answers about connections: settings, calendars, imported events."""

from __future__ import annotations

from typing import Annotated, Literal

from common.domain.calendar.connection import AccessRole, CalendarUse, Limitation, ProviderKind, Status
from common.domain.connect.settings import ImportMode, PrivateMode
from openapi.fields import Answer, Id, Key, Moment, Name, TrueFlag, Zone, example_field
from openapi.record_responses import Page


class Consent(Answer):
    """Where the browser goes, and until when it may come back."""

    authorization_url: Annotated[
        str, example_field("https://accounts.google.com/o/oauth2/v2/auth?client_id=...")
    ]
    expires_at: Moment


class BusyRules(Answer):
    """The switches of the blocking table."""

    tentative: TrueFlag
    needs_action: TrueFlag
    out_of_office: TrueFlag
    focus_time: TrueFlag
    working_elsewhere: bool


class Imports(Answer):
    """What is copied of external events."""

    on: TrueFlag
    mode: ImportMode
    private: PrivateMode
    busy: BusyRules


class Exports(Answer):
    """How bookings appear in the provider's calendar."""

    on: TrueFlag
    target: Key | None
    dedicated: bool
    attendee: bool
    notify: bool
    auto_accept: bool
    reminder: Annotated[int, example_field(30)] | None
    title: Annotated[str, example_field("{service}: {customer}")]
    description: Annotated[str, example_field("{note}")]


class ConnectionSettings(Answer):
    """All options as they are; ``version`` goes into If-Match."""

    imports: Imports
    exports: Exports
    show_events: bool
    version: Annotated[int, example_field(3)]


class Calendar(Answer):
    """One calendar of the account."""

    key: Key
    name: Annotated[str, example_field("Work")]
    role: AccessRole
    primary: TrueFlag
    use: CalendarUse
    writable: TrueFlag
    time_zone: Zone | None
    dedicated: bool
    missing_since: Moment | None


class Connection(Answer):
    """A connection as staff see it; nothing of the grant."""

    id: Id
    resource: Name
    provider: ProviderKind
    limitations: list[Limitation]
    account: Annotated[str, example_field("anna@example.com")]
    status: Status
    created_at: Moment
    settings: ConnectionSettings
    calendars: list[Calendar]
    waiting_until: Moment | None
    error: Annotated[str, example_field("grant_revoked")] | None


class ConnectionList(Page):
    """All connections of the caller's resources."""

    connections: list[Connection]


class DisconnectReceipt(Answer):
    """What disconnecting did; ``provider_reachable`` is false where a dead grant allowed no clean-up."""

    status: Annotated[Status, example_field("disconnected")]
    started_at: Moment
    finished_at: Moment | None
    channels_stopped: int
    events_deleted: int
    events_left: int
    calendar_removed: bool
    imports_removed: int
    grant_revoked: TrueFlag
    grant_kept_for_other_connection: bool
    provider_reachable: TrueFlag


class ImportedEvent(Answer):
    """An imported event; it is changed in the external calendar alone."""

    key: Annotated[str, example_field("2f1c9a")]
    start: Moment
    end: Annotated[Moment, example_field("2027-03-15T10:00:00+01:00")]
    all_day: bool
    blocks: TrueFlag
    private: bool
    title: Annotated[str, example_field("Team meeting")] | None
    description: Annotated[str, example_field("Quarterly numbers")] | None
    read_only: Literal[True]


class CalendarList(Page):
    """The account's calendars, its own first."""

    calendars: list[Calendar]


class EventList(Page):
    """The imported events of a window, by time."""

    events: list[ImportedEvent]
