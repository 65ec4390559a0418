"""The records of the simulated Microsoft: mailboxes, items, apps, tokens, subscriptions and calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from local.microsoft.errors import Json

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


@dataclass(frozen=True, slots=True)
class Item:
    """One version of a stored event (Exchange's word is item): a single event, a series, or an exception.

    It is never changed in place. `delta_change` is the change number under which delta reports it,
    `move_change` the one of its last move from another calendar, `deleted_days` are the original dates
    of deleted occurrences.
    """

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
    move_change: int = 0
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
    """What a calendar keeps of an item that was removed from it, for delta; a move is not `final`."""

    key: str
    day: str
    moves: int
    change: int
    item: Item | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is remembered of a creation with a transactionId: its event, its body, and when it was."""

    item: Item
    given: Json
    at: datetime


@dataclass(slots=True)
class Calendar:
    """A calendar folder with its items.

    `epoch` is raised to expire all delta links, `renamed_id` is the id that Graph shows instead of the
    first one, `family` is the calendar of a personal account's family group.
    """

    id: str
    name: str
    owner: str
    default: bool = False
    color: str = "auto"
    hex_color: str = ""
    can_edit: bool = True
    deleted: bool = False
    change: int = 0
    renamed_id: str = ""
    family: bool = False
    epoch: int = 0
    rounds: int = 0
    replay: bool = False
    items: dict[str, Item] = field(default_factory=dict)
    removed: list[Tombstone] = field(default_factory=list)
    transactions: dict[str, Transaction] = field(default_factory=dict)

    @property
    def shown_id(self) -> str:
        """The id that Graph shows now."""
        return self.renamed_id or self.id


@dataclass(frozen=True, slots=True)
class Share:
    """A calendar of somebody else that is shared with a mailbox."""

    calendar: str
    can_edit: bool


@dataclass(frozen=True, slots=True)
class MailboxCalendar:
    """A calendar as one mailbox has it: its own, or shared with it under another id."""

    calendar: Calendar
    id: str
    can_edit: bool
    own: bool


@dataclass(slots=True)
class Account:
    """A person with a mailbox, work or personal.

    ``email`` identifies it here for ever; ``renamed`` is the address after a change, if any.
    """

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
        """The address that the person signs in with now."""
        return self.renamed or self.email


@dataclass(slots=True)
class Tenant:
    """An organization, or the tenant of all personal accounts."""

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
    """The code that the consent page hands to the app, to be exchanged for tokens once."""

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
    """A refresh token; it stays valid after use, and `revoked` is the AADSTS number that refuses it."""

    token: str
    account: str
    app: str
    expires: datetime
    revoked: int = 0


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token, with its account, app, permissions and expiry."""

    token: str
    account: str
    app: str
    scopes: frozenset[str]
    expires: datetime


@dataclass(slots=True)
class Subscription:
    """A webhook subscription to the events of one calendar; a `silent` one never notifies."""

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
    silent: bool = False
    created: datetime | None = None
    reauthorized: datetime | None = None

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of change that it is about: created, updated, deleted."""
        return frozenset(each.strip() for each in self.change_type.split(","))


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
    batched: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """The account and app behind an access token, with the permissions that it allows."""

    account: str
    app: str
    scopes: frozenset[str]
