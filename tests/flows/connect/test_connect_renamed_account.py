"""An account whose address was changed is still the same account, by the provider's own name for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.connection import ProviderKind, Status
from common.domain.connect.consent import ConsentOutcome
from common.flows.connect.consent import start_consent
from common.flows.connect.disconnect import start_disconnect
from common.flows.shared.tokens import authorized
from tests.world import ACCOUNT, OUTLOOK, RETURN_TO, World

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


class Renamed(World):
    """A world with one connected account of a provider, whose owner can take another address."""

    def __init__(self, provider, **options):
        super().__init__()
        self.catalogue()
        self.provider = provider
        google = provider is ProviderKind.GOOGLE
        self.side = self.google if google else self.microsoft
        self.address = ACCOUNT if google else OUTLOOK
        self.subject = self.side.admin.add_account(self.address, **options)
        self.first = self.connect(self.address, provider=provider)

    def rename(self, address="anna.novak@example.com"):
        self.side.admin.rename_account(self.address, address)
        return address

    def again(self, address, **pinned):
        return self.consent(address, provider=self.provider, **pinned)

    @property
    def only(self):
        (found,) = self.ports.connections.of_tenant(self.tenant)
        return found

    def forget_identity(self):
        """The connection as it was stored before identities were."""
        found = self.only
        self.ports.connections.save(replace(found, identity=None))
        sealed, version = self.ports.connections.sealed(self.tenant, found.id)
        grant = self.ports.vault.open(sealed, tenant=self.tenant, connection=found.id)
        old = self.ports.vault.seal(replace(grant, identity=None), tenant=self.tenant, connection=found.id)
        self.ports.connections.save_sealed(self.tenant, found.id, old, expected=version)


@pytest.fixture(params=list(ProviderKind), ids=lambda kind: kind.value)
def world(request):
    return Renamed(request.param)


@pytest.mark.parametrize("pinned", [True, False])
def test_a_renamed_account_is_connected_again(world, pinned):
    """The same account under a new address is the same connection, and shows the new address from then on."""
    address = world.rename()
    outcome = world.again(address, connection=world.first.id if pinned else None)

    assert (ConsentOutcome.RECONNECTED, world.first.id) == (outcome.outcome, outcome.connection)
    assert address == world.only.account


def test_an_address_that_went_to_somebody_else_is_another_account(world):
    """The old address belongs to somebody else now, whose account is not the connection's."""
    world.rename()
    other = "bea@example.org"
    world.side.admin.add_account(other)
    world.side.admin.rename_account(other, world.address)
    outcome = world.again(world.address, connection=world.first.id)

    assert outcome.outcome is ConsentOutcome.WRONG_ACCOUNT
    assert world.first.identity == world.only.identity


def test_a_connection_without_an_identity_is_found_by_its_address_and_gets_one(world):
    """Where no identity is stored the address decides, and the consent stores it."""
    world.forget_identity()
    outcome = world.again(world.address)
    remembered = world.only.identity
    renamed = world.again(world.rename())

    assert [ConsentOutcome.RECONNECTED] * 2 == [outcome.outcome, renamed.outcome]
    assert world.first.identity == remembered


def test_a_refresh_stores_a_missing_identity(world):
    """Nobody has to consent again for it: the answer to the next refresh names the account."""
    world.forget_identity()
    world.advance(hours=2)
    authorized(world.ports, world.only, lambda token: token)
    outcome = world.again(world.rename())

    assert world.first.identity == world.only.identity
    assert outcome.outcome is ConsentOutcome.RECONNECTED


def test_an_expected_mailbox_is_compared_by_its_address(world):
    """Who invites knows an address and nothing else, so a rename makes the invited account another one."""
    address = world.rename()
    started = start_consent(
        world.ports,
        tenant=world.tenant,
        resource="anna",
        provider=world.provider,
        subject="staff-1",
        return_to=RETURN_TO,
        expected_account=world.address,
    )
    outcome = world.follow_redirect(world.side.consent(started.url, account=address))

    assert outcome.outcome is ConsentOutcome.WRONG_ACCOUNT


def test_the_identity_is_the_providers_own_name_for_the_account():
    """Google: the subject. Microsoft: tenant and object, also in the tenant of all personal accounts."""
    google = Renamed(ProviderKind.GOOGLE)
    work = Renamed(ProviderKind.MICROSOFT)
    personal = Renamed(ProviderKind.MICROSOFT, personal=True)

    assert google.subject == google.only.identity
    assert work.only.identity.endswith(f"/{work.subject}")
    assert f"{PERSONAL_TENANT}/{personal.subject}" == personal.only.identity


def test_only_the_last_connection_of_a_renamed_account_revokes_the_grant():
    """Two connections under two addresses are one account: ending the first must not end the second."""
    world = Renamed(ProviderKind.GOOGLE)
    resource = replace(
        world.ports.catalogue.resource(world.tenant, "anna"), id="bea", name="Bea", version=None
    )
    world.ports.catalogue.save_resource(world.tenant, resource)
    second = world.connect(world.rename(), resource="bea")

    start_disconnect(world.ports, tenant=world.tenant, connection=world.first.id)
    world.drain()
    ended = world.ports.connections.get(world.tenant, world.first.id)

    assert ended.receipt.grant_kept_for_other_connection
    world.advance(hours=2)
    assert authorized(world.ports, second, lambda token: token)
    assert world.ports.connections.get(world.tenant, second.id).status is Status.CONNECTED
