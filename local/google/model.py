"""The records of the simulated Google: accounts, calendars, events, clients, tokens, channels and calls."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.google.errors import Json

# https://developers.google.com/workspace/calendar/api/concepts/sharing, and one newer role (G93)
ROLES = ("none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")
WRITER_ROLES = frozenset({"writerWithoutPrivateAccess", "writer", "owner"})
# The client that edits made in Google's own pages come from.
OWNER_CLIENT = "google-calendar-ui"


def rank(role: str) -> int:
    """The position of a role in the order from weakest to strongest."""
    return ROLES.index(role)


@dataclass(slots=True)
class StoredEvent:
    """One copy of an event in one calendar.

    `body` holds the fields that all viewers share; `raw` marks a body that is shown unchecked, exactly as
    given. `stamp` is the time of the last change in microseconds.
    """

    body: Json
    change: int
    stamp: int = 0
    reminders: dict[str, Json] = field(default_factory=dict)
    ui_deleted: bool = False
    id_only: bool = False
    raw: bool = False

    @property
    def id(self) -> str:
        """The event's id."""
        return str(self.body["id"])

    @property
    def cancelled(self) -> bool:
        """Whether the event is deleted."""
        return self.body.get("status") == "cancelled"

    @property
    def series(self) -> str:
        """The id of the series that this is an exception of, or empty."""
        return str(self.body.get("recurringEventId", ""))

    @property
    def is_master(self) -> bool:
        """Whether the event is a series."""
        return bool(self.body.get("recurrence"))


@dataclass(slots=True)
class Calendar:
    """A calendar, its sharing, and its events including deleted ones.

    `epoch` is raised to expire all sync tokens; `change` is the number of the latest change. `gone_ids` are
    those of events that vanished for good. Through the API it can be used from `usable_from` on.
    """

    id: str
    summary: str
    time_zone: str
    owner: str
    primary: bool = False
    description: str = ""
    location: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    public_role: str = "none"
    made_by: str = ""
    can_be_watched: bool = True
    deleted: bool = False
    epoch: int = 0
    change: int = 0
    updated: str = ""
    events: dict[str, StoredEvent] = field(default_factory=dict)
    gone_ids: set[str] = field(default_factory=set)
    usable_from: datetime | None = None

    def role(self, account: str) -> str:
        """The role that an account has by ownership, sharing or publication."""
        if account == self.owner:
            return "owner"
        return max(self.roles.get(account, "none"), self.public_role, key=rank)


@dataclass(slots=True)
class ListEntry:
    """The entry of one calendar in one account's calendar list."""

    calendar: str
    change: int
    selected: bool = True
    hidden: bool = False
    deleted: bool = False
    summary_override: str = ""
    color_id: str = "14"
    default_reminders: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Account:
    """A Google account.

    ``email`` identifies it here for ever; ``renamed`` is the address after a change, if any.
    """

    email: str
    subject: str
    name: str
    time_zone: str
    workspace: bool = False
    entries: dict[str, ListEntry] = field(default_factory=dict)
    list_epoch: int = 0
    renamed: str = ""

    @property
    def address(self) -> str:
        """The address that the person signs in with now."""
        return self.renamed or self.email


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client of a Google project."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...]
    project: str


@dataclass(slots=True)
class RefreshToken:
    """A refresh token, with its account, client and scopes."""

    token: str
    account: str
    client: str
    scopes: tuple[str, ...]
    serial: int
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token, with its account, client, scopes and expiry."""

    token: str
    account: str
    client: str
    project: str
    scopes: tuple[str, ...]
    expires: datetime


@dataclass(slots=True)
class AuthorizationCode:
    """The code that the consent page hands to the client, to be exchanged for tokens once."""

    code: str
    account: str
    client: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    challenge_method: str
    offline: bool
    forced: bool
    nonce: str
    expires: datetime
    used: bool = False


@dataclass(slots=True)
class Channel:
    """A push channel on one resource (a calendar's events, or a calendar list)."""

    id: str
    resource_id: str
    resource_uri: str
    resource: str
    account: str
    client: str
    project: str
    address: str
    token: str
    expires: datetime
    event_types: tuple[str, ...] = ()
    stopped_at: datetime | None = None
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One request in the log of calls; it holds no secrets and no contents."""

    number: int
    at: str
    method: str
    account: str
    calendar: str
    status: int
    reason: str
    units: int


@dataclass(frozen=True, slots=True)
class Caller:
    """The account and client behind an access token, with the scopes that it allows."""

    account: str
    client: str
    project: str
    scopes: frozenset[str]

    @property
    def by_hand(self) -> bool:
        """Whether a person acts in Google's own pages, and not an app through the API."""
        return self.client == OWNER_CLIENT


def copy_json(value: Any) -> Any:
    """Copy a JSON value deeply, several times faster than copy.deepcopy."""
    if isinstance(value, dict):
        return {
            name: copy_json(item) if isinstance(item, (dict, list)) else item for name, item in value.items()
        }
    if isinstance(value, list):
        return [copy_json(item) if isinstance(item, (dict, list)) else item for item in value]
    return value
