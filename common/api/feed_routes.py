"""The routes by which staff publish, rotate and end the iCalendar feed of a resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from common.api.guard import own_resource
from common.api.http import Call, Json, Reply
from common.api.models import Model, moment, read
from common.api.routes import Route, staff
from common.domain.subscription import Shows, Subscription

if TYPE_CHECKING:
    from common.ports import Ports

C = TypeVar("C")

FEED = "/<resource>/feed"


class Address(Protocol):
    """A new address, and what is remembered of it."""

    @property
    def url(self) -> str:
        """The address with its secret."""

    @property
    def subscription(self) -> Subscription:
        """What is stored."""


class FeedBody(Model):
    """POST /resources/{id}/feed: taken times alone, or with service and customer's name."""

    shows: Shows = Shows.BUSY


def subscription_view(subscription: Subscription | None) -> Json:
    """Whether a resource has a feed, and what it shows."""
    if subscription is None:
        return {"published": False}
    return {
        "published": True,
        "shows": subscription.shows.value,
        "created_at": moment(subscription.created_at),
        "created_by": subscription.created_by,
    }


def feed_routes(
    ports: Callable[[], Ports], command: Callable[..., C], publish: Callable[[Ports, C], Address]
) -> tuple[Route, ...]:
    """POST makes a new address (and ends the former one), GET tells whether there is one, DELETE ends it."""

    def make(call: Call) -> Reply:
        shows = read(FeedBody, call.body).shows
        asked = command(
            tenant=call.staff.tenant,
            resource=own_resource(call),
            shows=shows,
            subject=call.staff.subject,
        )
        made = publish(ports(), asked)
        # The one time that the address is told.
        return Reply({**subscription_view(made.subscription), "url": made.url}, status=201)

    def show(call: Call) -> Reply:
        found = ports().subscriptions.of_resource(call.staff.tenant, own_resource(call))
        return Reply(subscription_view(found))

    def end(call: Call) -> Reply:
        ports().subscriptions.delete(call.staff.tenant, own_resource(call))
        return Reply(status=204)

    return (
        staff("POST", FEED, make, body=True),
        staff("GET", FEED, show),
        staff("DELETE", FEED, end),
    )
