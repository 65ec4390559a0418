"""Decides which subscriptions a change notifies, and sends lifecycle notifications.

https://learn.microsoft.com/graph/api/resources/changenotification,
https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

from local.microsoft import ids
from local.microsoft.errors import Json
from local.microsoft.model import Calendar, Item, Subscription
from local.microsoft.push.delivery import Delivery, Notification
from local.microsoft.push.subscriptions import vanished
from local.microsoft.state import State
from local.microsoft.times import format_timestamp

LIFECYCLE = ("missed", "subscriptionRemoved", "reauthorizationRequired")


class Notifications:
    """Makes notifications of the changes in the simulator's state."""

    def __init__(self, state: State, delivery: Delivery) -> None:
        self._state = state
        self._delivery = delivery
        state.on_change = self.notify_change

    def notify_change(self, calendar: Calendar, item: Item, kind: str) -> None:
        """Notify the subscriptions of a calendar that an item was created, updated or deleted.

        With the setting `extra_updates` more than once (fact M133).
        """
        for each in self.live_subscriptions():
            if each.calendar != calendar.id or each.paused or each.silent:
                continue
            kinds = [kind] + ["updated"] * (self._state.settings.extra_updates if kind != "deleted" else 0)
            for one in kinds:
                if one in each.kinds:
                    self._queue(each, one, each.notification_url, self._change_item(each, item, one))

    def lifecycle(self, subscription: Subscription, event: str) -> None:
        """Send a lifecycle notification, after doing to the subscription what it says."""
        if event not in LIFECYCLE:
            raise ValueError(event)
        if event == "reauthorizationRequired":
            subscription.paused = True
        if event == "subscriptionRemoved":
            subscription.removed = True
        if subscription.lifecycle_url:
            body = self._common_fields(subscription) | {"lifecycleEvent": event, "resource": ""}
            # Fact M135: this kind names the organization otherwise.
            body["organizationId"] = body.pop("tenantId")
            self._queue(subscription, event, subscription.lifecycle_url, body)

    def live_subscriptions(self) -> list[Subscription]:
        """The subscriptions that have neither ended nor expired."""
        now = self._state.now()
        return [
            each
            for each in self._state.subscriptions.values()
            if not each.removed and not vanished(each, self._state) and each.expires > now
        ]

    def _queue(self, subscription: Subscription, kind: str, address: str, body: Json) -> None:
        now = self._state.now()
        self._delivery.batched = self._state.settings.batch_notifications
        self._delivery.rules = self._state.settings.endpoint_rules
        self._delivery.put(Notification(subscription.id, kind, address, body, now, now))

    def _common_fields(self, subscription: Subscription) -> Json:
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": format_timestamp(subscription.expires),
            "clientState": subscription.client_state or None,
            "tenantId": self._state.accounts[subscription.account].tenant,
        }

    def _change_item(self, subscription: Subscription, item: Item, kind: str) -> Json:
        account = self._state.accounts[subscription.account]
        event_id = self._state.id_of(item, immutable=subscription.immutable)
        path = f"Users/{account.oid}/Events/{event_id}"
        return self._common_fields(subscription) | {
            "changeType": kind,
            "resource": path,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Event",
                "@odata.id": path,
                "@odata.etag": f'W/"{ids.change_key(item.change)}"',
                "id": event_id,
            },
        }
