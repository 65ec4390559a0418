"""Push channels: answers watch and stop, and decides which channels a change notifies."""

# https://developers.google.com/workspace/calendar/api/guides/push

import re
import zlib
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from local.google.api.context import Context
from local.google.errors import ApiError, Json, invalid, not_found, required
from local.google.model import Channel
from local.google.push.delivery import Delivery, Notification
from local.google.state import State

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
WEEK = timedelta(days=7)
# No more than letters, digits and these signs (G107).
CHANNEL_ID = re.compile(r"^[A-Za-z0-9\-_+/=]{1,64}$")
# For how long stopping a channel once more still succeeds (G108); the exact time is not known.
STOPPED_KNOWN_FOR = timedelta(minutes=1)
BASE = "https://www.googleapis.com/calendar/v3/"


class Channels:
    """The push channels of every project; there is no method that lists them (G114)."""

    def __init__(self, state: State, delivery: Delivery) -> None:
        self._state = state
        self.delivery = delivery
        state.on_change = self.notify_change
        state.on_deletion = self.notify_deletion

    def watch_events(self, context: Context) -> Json:
        """Answer events.watch: open a channel on a calendar's events.

        Calendars such as those of holidays cannot be watched (G104).
        """
        calendar, _ = context.calendar()
        if not calendar.can_be_watched:
            message = "Push notifications are not supported by this resource."
            raise ApiError(400, "pushNotSupportedForRequestedResource", message, domain="calendar")
        uri = f"{BASE}calendars/{context.path['calendarId']}/events?alt=json"
        return self._open_channel(context, f"calendar:{calendar.id}", uri)

    def watch_list(self, context: Context) -> Json:
        """Answer calendarList.watch: open a channel on the account's calendar list."""
        return self._open_channel(
            context, f"list:{context.caller.account}", f"{BASE}users/me/calendarList?alt=json"
        )

    def _open_channel(self, context: Context, resource: str, uri: str) -> Json:
        state, caller, body = self._state, context.caller, context.body
        channel_id = context.required_text("id", limit=64)
        if not CHANNEL_ID.match(channel_id):
            raise invalid("Invalid channel id.", "id")
        if body.get("type") not in {"web_hook", "webhook"}:  # G116
            raise invalid("Invalid Value", "type")
        address = context.required_text("address")
        self._check_address(address)
        token = str(body.get("token") or "")
        if len(token) > 256:
            raise invalid("Channel token too long.", "token")
        if (caller.project, channel_id) in state.channels:  # G148
            raise ApiError(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
        channel = Channel(
            id=channel_id,
            # The same for everybody who watches the resource (G115).
            resource_id=f"r{zlib.crc32(resource.encode()):010d}",
            resource_uri=uri,
            resource=resource,
            account=caller.account,
            client=caller.client,
            project=caller.project,
            address=address,
            token=token,
            expires=self._expiry(body),
            event_types=tuple(context.argument("eventTypes", ())),
        )
        state.channels[caller.project, channel_id] = channel
        self._notify(channel, "sync")
        return render_channel(channel)

    def _check_address(self, address: str) -> None:
        try:
            parts = urlsplit(address)
            host, scheme, usable = parts.hostname, parts.scheme, address.isascii() and parts.port != 0
        except ValueError:
            usable = False
        local = usable and host in LOOPBACK and self._state.settings.allow_http_push
        if not usable or not host or (scheme != "https" and not (scheme == "http" and local)):
            raise ApiError(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}")

    def _expiry(self, body: Json) -> datetime:
        now = self._state.now().astimezone(UTC)
        # https://developers.google.com/workspace/calendar/api/v3/reference/events/watch (G105, G106)
        wish = now + WEEK
        try:
            if body.get("expiration"):
                wish = datetime.fromtimestamp(int(body["expiration"]) / 1000, tz=UTC)
            elif (body.get("params") or {}).get("ttl"):
                wish = now + timedelta(seconds=int(body["params"]["ttl"]))
        except (ValueError, TypeError, OverflowError) as error:
            raise invalid("Invalid Value", "expiration") from error
        if wish <= now:
            raise invalid("Channel expiration must be in the future.", "expiration")
        return min(wish, now + self._state.settings.channel_cap)

    def stop(self, context: Context) -> None:
        """Answer channels.stop: close a channel; only the account and client that opened it may (G149).

        Once more it succeeds for a while, and later there is no such channel (G108).
        """
        body, caller = context.body, context.caller
        if not body.get("id") or not body.get("resourceId"):
            raise required("Missing id or resourceId.", "id")
        channel = self._state.channels.get((caller.project, str(body["id"])))
        now = self._state.now()
        forgotten = channel and channel.stopped_at and now - channel.stopped_at > STOPPED_KNOWN_FOR
        if channel is None or forgotten or channel.resource_id != body["resourceId"]:
            message = f"Channel '{body['id']}' not found for project '{caller.project}'"
            raise ApiError(404, "notFound", message)
        if (channel.account, channel.client) != (caller.account, caller.client):
            raise not_found()
        channel.stopped_at = channel.stopped_at or now

    def notify_deletion(self, resource: str) -> None:
        """Queue the last notification for every live channel on a resource that was deleted (G112)."""
        for channel in self._state.channels.values():
            if channel.resource == resource and self._is_live(channel):
                self._send(channel, "not_exists")

    def notify_change(self, resource: str, event_type: str) -> None:
        """Queue a notification for every live channel on a changed resource.

        One change may send several (G113), and consents do not matter (G110).
        """
        for channel in self._state.channels.values():
            if channel.resource != resource or (
                channel.event_types and event_type not in channel.event_types
            ):
                continue
            for _ in range(self._state.settings.notifications_per_change):
                self._notify(channel, "exists")

    def _has_access(self, channel: Channel) -> bool:
        kind, _, name = channel.resource.partition(":")
        if kind != "calendar":
            return True
        calendar = self._state.calendars[name]
        return not calendar.deleted and calendar.role(channel.account) != "none"

    def _is_live(self, channel: Channel) -> bool:
        stopped = channel.stopped_at is not None and not self._state.settings.pushes_after_stop  # G109
        return not stopped and self._state.now() < channel.expires

    def _notify(self, channel: Channel, state: str) -> None:
        if self._is_live(channel) and self._has_access(channel):
            self._send(channel, state)

    def _send(self, channel: Channel, state: str) -> None:
        now = self._state.now().astimezone(UTC)
        # Message numbers increase, but not one by one; the sync message is number 1.
        channel.messages += 1 if channel.messages == 0 else 1 + channel.messages % 3
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": channel.expires.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel.messages),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-URI": channel.resource_uri,
            "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
            "Accept": "*/*",
        }
        if channel.token:
            headers["X-Goog-Channel-Token"] = channel.token
        self.delivery.put(Notification(channel.id, state, channel.address, headers, due=now))


def render_channel(channel: Channel) -> Json:
    """The JSON of a channel, as watch answers it."""
    shown: Json = {
        "kind": "api#channel",
        "id": channel.id,
        "resourceId": channel.resource_id,
        "resourceUri": channel.resource_uri,
        "expiration": str(int(channel.expires.timestamp() * 1000)),
    }
    return shown | ({"token": channel.token} if channel.token else {})
