"""What the simulated Microsoft remembers: mailboxes, items, apps, tokens, subscriptions and calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from local.microsoft.errors import Json

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


@dataclass(frozen=True, slots=True)
class Item:
    """One version of an event: a single one, a series, or an exception; never changed in place."""

    key: str
    calendar: str
    body: Json
    organizer: str
    is_organizer: bool = True
    change: int = 0
    created: str = ""
    modified: str = ""
    series: str = ""
    original: str = ""
    deleted_days: frozenset[str] = frozenset()
    delta_change: int = 0
    deletion_changes: Mapping[str, int] = field(default_factory=dict)
    transaction: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, Json] = field(default_factory=dict)
    moves: int = 0
    uid: str = ""

    @property
    def is_series(self) -> bool:
        """Whether the event recurs."""
        return bool(self.body.get("recurrence"))

    @property
    def all_day(self) -> bool:
        """Whether the event has dates instead of times."""
        return bool(self.body.get("isAllDay"))


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What a calendar says about an item that left it."""

    key: str
    day: str
    moves: int
    change: int
    item: Item | None = None


@dataclass(slots=True)
class Calendar:
    """A calendar folder and its items."""

    id: str
    name: str
    owner: str
    default: bool = False
    color: str = "auto"
    hex_color: str = ""
    can_edit: bool = True
    deleted: bool = False
    change: int = 0
    epoch: int = 0
    rounds: int = 0
    replay: bool = False
    items: dict[str, Item] = field(default_factory=dict)
    removed: list[Tombstone] = field(default_factory=list)
    transactions: dict[str, tuple[Item, datetime]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """Somebody else's calendar in a mailbox."""

    calendar: str
    can_edit: bool


@dataclass(frozen=True, slots=True)
class MailboxCalendar:
    """A calendar as one mailbox sees it."""

    calendar: Calendar
    id: str
    can_edit: bool
    own: bool


@dataclass(slots=True)
class Account:
    """A person with a mailbox, at work or at home; ``email`` names it for good, ``renamed`` is shown."""

    email: str
    oid: str
    tenant: str
    name: str
    time_zone: str
    personal: bool = False
    admin: bool = False
    mailbox_error: str = ""
    shared: dict[str, Share] = field(default_factory=dict)
    renamed: str = ""

    @property
    def address(self) -> str:
        """The name that the person signs in with now."""
        return self.renamed or self.email


@dataclass(slots=True)
class Tenant:
    """An organization, or the one of all personal accounts."""

    id: str
    domain: str
    admin_consent_required: bool = False
    refusal: int = 90094
    approved: set[str] = field(default_factory=set)


@dataclass(slots=True)
class App:
    """An app registration."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...]
    audience: str
    tenant: str
    secret_expired: bool = False


@dataclass(slots=True)
class AuthorizationCode:
    """A code between consent page and token endpoint."""

    code: str
    account: str
    app: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    nonce: str
    expires: datetime
    used: bool = False


@dataclass(slots=True)
class RefreshToken:
    """A refresh token: used ones stay valid."""

    token: str
    account: str
    app: str
    expires: datetime
    revoked: int = 0


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token, whose it is, and until when."""

    token: str
    account: str
    app: str
    scopes: frozenset[str]
    expires: datetime


@dataclass(slots=True)
class Subscription:
    """A webhook on the events of one calendar."""

    id: str
    account: str
    app: str
    calendar: str
    resource: str
    change_type: str
    notification_url: str
    lifecycle_url: str
    client_state: str
    expires: datetime
    immutable: bool
    rich: bool = False
    paused: bool = False
    removed: bool = False
    reauthorized: datetime | None = None

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of changes it is about."""
        return frozenset(each.strip() for each in self.change_type.split(","))


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the log keeps it: no secrets, no contents."""

    number: int
    at: str
    method: str
    account: str
    calendar: str
    status: int
    reason: str
    batched: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls Graph, with what a token allows."""

    account: str
    app: str
    scopes: frozenset[str]
