"""Gives a resource a secret address for calendar programs; a former address ends in the same moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.domain.subscription import Shows, Subscription, hashed
from common.errors import UnexpectedReply
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class PublishFeed:
    """Which resource, how much its feed shows, and who wants it."""

    tenant: str
    resource: str
    shows: Shows
    subject: str


@dataclass(frozen=True, slots=True)
class Published:
    """The address, told this one time."""

    url: str = field(repr=False)
    subscription: Subscription


def publish_feed(ports: Ports, command: PublishFeed) -> Published:
    """The new address; its secret is kept as a hash only.

    Raises:
        UnknownResource: There is no such resource.
    """
    resource = ports.catalogue.resource(command.tenant, command.resource)
    secret = ports.keys.token()
    name = hashed(secret)
    if name is None:
        raise UnexpectedReply("a random value is not of the form that feeds have", code="random_value")
    subscription = Subscription(
        tenant=command.tenant,
        resource=resource.id,
        shows=command.shows,
        secret_hash=name,
        created_at=ports.clock.now(),
        created_by=command.subject,
    )
    stored = ports.subscriptions.put(subscription)
    return Published(f"{ports.tuning.feed_url}/{secret}.ics", stored)
