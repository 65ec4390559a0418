"""Decides who is told of a change: items for the subscriptions of a calendar, and lifecycle events."""

from local.microsoft import ids
from local.microsoft.errors import Json
from local.microsoft.model import Calendar, Item, Subscription
from local.microsoft.push.delivery import Delivery, Notification
from local.microsoft.state import World
from local.microsoft.times import stamp

LIFECYCLE = ("missed", "subscriptionRemoved", "reauthorizationRequired")


class Notifications:
    """Turns changes of a world into items for webhooks."""

    def __init__(self, world: World, delivery: Delivery) -> None:
        self._world = world
        self._delivery = delivery
        world.on_change = self.changed

    def changed(self, calendar: Calendar, item: Item, kind: str) -> None:
        """An item was created, updated or deleted."""
        for each in self.live():
            if each.calendar != calendar.id or each.paused:
                continue
            kinds = [kind] + ["updated"] * (self._world.settings.extra_updates if kind != "deleted" else 0)
            for one in kinds:
                if one in each.kinds:
                    self._put(each, one, each.notification_url, self._item(each, item, one))

    def lifecycle(self, subscription: Subscription, event: str) -> None:
        """Send a lifecycle event, and let what it says be true."""
        if event not in LIFECYCLE:
            raise ValueError(event)
        if event == "reauthorizationRequired":
            subscription.paused = True
        if event == "subscriptionRemoved":
            subscription.removed = True
        if subscription.lifecycle_url:
            body = self._head(subscription) | {"lifecycleEvent": event}
            self._put(subscription, event, subscription.lifecycle_url, body)

    def live(self) -> list[Subscription]:
        """The subscriptions that have neither ended nor expired."""
        now = self._world.now()
        return [
            each for each in self._world.subscriptions.values() if not each.removed and each.expires > now
        ]

    def _put(self, subscription: Subscription, kind: str, address: str, body: Json) -> None:
        now = self._world.now()
        self._delivery.batched = self._world.settings.batch_notifications
        self._delivery.rules = self._world.settings.endpoint_rules
        self._delivery.put(Notification(subscription.id, kind, address, body, now, now))

    def _head(self, subscription: Subscription) -> Json:
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": stamp(subscription.expires),
            "clientState": subscription.client_state or None,
            "tenantId": self._world.accounts[subscription.account].tenant,
        }

    def _item(self, subscription: Subscription, item: Item, kind: str) -> Json:
        account = self._world.accounts[subscription.account]
        event_id = self._world.id_of(item, immutable=subscription.immutable)
        path = f"Users/{account.oid}/Events/{event_id}"
        return self._head(subscription) | {
            "changeType": kind,
            "resource": path,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Event",
                "@odata.id": path,
                "@odata.etag": f'W/"{ids.change_key(item.change)}"',
                "id": event_id,
            },
        }
