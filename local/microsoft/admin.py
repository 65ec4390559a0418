"""The back door of the machinery: tenants, accounts, apps, calendars, grants, limits and settings."""

from local.microsoft import bodies, calendars, ids
from local.microsoft.errors import Json
from local.microsoft.fates import Fates
from local.microsoft.model import PERSONAL_TENANT, Account, App, Item, Share, Tenant
from local.microsoft.scopes import parse
from local.microsoft.throttle import Limits
from local.microsoft.zones import zone


class Admin(Fates):
    """Everything a test or the demo sets up; every method takes the lock."""

    def add_client(
        self,
        client_id: str,
        *,
        secret: str,
        redirect_uris: list[str],
        audience: str = "AzureADandPersonalMicrosoftAccount",
        tenant: str = "",
    ) -> None:
        """Register an app; `tenant` (a domain) is the one a single-tenant app belongs to."""
        with self._world.lock:
            home = self._tenant(tenant).id if tenant else ""
            self._world.apps[client_id] = App(client_id, secret, tuple(redirect_uris), audience, home)

    def add_tenant(self, domain: str, *, admin_consent_required: bool = False, refusal: int = 90094) -> str:
        """Create an organization, or change whether its users need an administrator; returns its id.

        ``refusal`` is the number that its users come back with: 90094, or 90008, 90095 or 65001.
        """
        with self._world.lock:
            found = self._tenant(domain)
            found.admin_consent_required, found.refusal = admin_consent_required, refusal
            return found.id

    def add_account(
        self,
        email: str,
        *,
        name: str = "",
        time_zone: str = "W. Europe Standard Time",
        personal: bool = False,
        admin: bool = False,
        mailbox_error: str = "",
    ) -> str:
        """Create an account (its organization is its mail domain) with its calendar; returns the oid."""
        with self._world.lock:
            email = email.lower()
            zone(time_zone)
            tenant = PERSONAL_TENANT if personal else self._tenant(email.partition("@")[2]).id
            oid = ids.guid("oid", email)
            oid = f"00000000-0000-0000-{oid[19:]}" if personal else oid
            made = Account(email, oid, tenant, name or email, time_zone, personal, admin, mailbox_error)
            self._world.accounts[email] = made
            calendars.make(self._world, email, "Calendar", default=True)
            return oid

    def rename_account(self, email: str, address: str) -> None:
        """Let a person sign in with another address; tenant, object and mailbox stay what they are."""
        with self._world.lock:
            self._world.account(email).renamed = address.lower()

    def add_calendar(
        self, owner: str, name: str, *, can_edit: bool = True, color: str = "auto", hex_color: str = ""
    ) -> str:
        """Create another calendar in a mailbox (such as holidays, which cannot be edited); returns its id."""
        with self._world.lock:
            made = calendars.make(self._world, self._world.account(owner).email, name, color=color)
            made.can_edit, made.hex_color = can_edit, hex_color
            return made.id

    def default_calendar(self, account: str) -> str:
        """The id of a mailbox's default calendar."""
        with self._world.lock:
            return self._world.default_calendar(self._world.account(account).email).id

    def share(self, calendar: str, account: str, *, can_edit: bool = False) -> str:
        """Put a calendar into somebody else's mailbox; returns its id there."""
        with self._world.lock:
            found, held = self._calendar(calendar), self._world.account(account)
            link = ids.calendar_id(held.email, self._world.serial())
            held.shared[link] = Share(found.id, can_edit)
            return link

    def unshare(self, calendar: str, account: str) -> None:
        """Take a shared calendar out of somebody else's mailbox."""
        with self._world.lock:
            held, wanted = self._world.account(account), self._calendar(calendar).id
            held.shared = {link: share for link, share in held.shared.items() if share.calendar != wanted}

    def remove_calendar(self, calendar: str) -> None:
        """Delete a calendar as its owner would."""
        with self._world.lock:
            calendars.drop_calendar(self._world, self._calendar(calendar))

    def bulk_load(self, calendar: str, events: list[Json], *, notify: bool = False) -> int:
        """Store many events at once, silently unless told otherwise."""
        with self._world.lock:
            found = self._calendar(calendar)
            quiet, self._world.quiet = self._world.quiet, not notify
            try:
                for body in events:
                    key = f"event{self._world.serial()}"
                    item = Item(key, found.id, bodies.created(body), found.owner)
                    self._world.put(item, kind="created")
            finally:
                self._world.quiet = quiet
            return len(events)

    def grant(self, account: str, client_id: str, scopes: list[str]) -> Json:
        """Connect an account without the pages; returns the token answer."""
        with self._world.lock:
            app = self._world.apps[client_id]
            wanted = parse(" ".join([*scopes, "openid", "profile", "offline_access"]))
            asked: Json = {"redirect_uri": app.redirect_uris[0]}
            code = self._grants.authorize(asked, app, self._world.account(account).email, wanted)
            form = {"grant_type": "authorization_code", "code": code, "client_id": app.id}
            return self._grants.token(
                form | {"redirect_uri": app.redirect_uris[0], "client_secret": app.secret}
            )

    def set_limits(
        self,
        *,
        per_mailbox: int | None = None,
        concurrent: int | None = None,
        subscription_writes: int | None = None,
        subscription_lists: int | None = None,
    ) -> None:
        """Set the limits; what is not given is without limit."""
        with self._world.lock:
            self._throttle.limits = Limits(per_mailbox, concurrent, subscription_writes, subscription_lists)

    def _tenant(self, domain: str) -> Tenant:
        made = Tenant(ids.guid("tenant", domain.lower()), domain.lower())
        return self._world.tenants.setdefault(made.id, made)
