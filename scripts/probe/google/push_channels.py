"""Facts about Google's push channels; the given address may be called with empty messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from scripts.probe.account import needed
from scripts.probe.fact import Facts, Need
from scripts.probe.google.account import GoogleAccount
from scripts.probe.web import Answer, Json, keys

FACTS = Facts()


def _watch(at: GoogleAccount, name: str, **more: Any) -> Answer:
    body: Json = {
        "id": f"probe-{int(at.began.timestamp())}-{name}",
        "type": "web_hook",
        "address": at.push_address,
    }
    answer = at.call("POST", f"{at.events()}/watch", body | more)
    if answer.good:
        at.undo.callback(_stop, at, answer.found)
    return answer


def _stop(at: GoogleAccount, channel: Json) -> Answer:
    return at.call("POST", "channels/stop", {"id": channel["id"], "resourceId": channel["resourceId"]})


@FACTS.fact(
    "G105-keys",
    "a channel: the keys of the answer",
    Need.PUSH,
    double="expiration id kind resourceId resourceUri",
)
def channel(at: GoogleAccount) -> str:
    """Open a channel."""
    return keys(needed(_watch(at, "keys")))


@FACTS.fact("G105", "a channel that asks for 30 days: the days it gets", Need.PUSH, double="7")
def longest_life(at: GoogleAccount) -> str:
    """Ask for more than a week."""
    wish = int((at.began + timedelta(days=30)).timestamp() * 1000)
    found = int(needed(_watch(at, "long", expiration=str(wish)))["expiration"])
    return str(round((found / 1000 - at.began.timestamp()) / 86400))


@FACTS.fact("G105-default", "a channel that asks for no end: the days it gets", Need.PUSH, double="7")
def default_life(at: GoogleAccount) -> str:
    """Ask for nothing."""
    found = int(needed(_watch(at, "default"))["expiration"])
    return str(round((found / 1000 - at.began.timestamp()) / 86400))


@FACTS.fact("G106", "a channel that ends in the past", Need.PUSH, double="400 invalid")
def past_end(at: GoogleAccount) -> str:
    """Ask for an end an hour ago."""
    wish = int((at.began - timedelta(hours=1)).timestamp() * 1000)
    return _watch(at, "past", expiration=str(wish)).said


@FACTS.fact("G107", "a channel id with a dot", Need.PUSH, double="400 invalid", others={"200": "taken"})
def id_with_a_dot(at: GoogleAccount) -> str:
    """Use a character beyond letters, digits and - _ + / =."""
    return _watch(at, "a.b").said


@FACTS.fact("G107-long", "a channel id of 65 characters", Need.PUSH, double="400 invalid")
def long_id(at: GoogleAccount) -> str:
    """Use an id that is too long."""
    return _watch(at, "long", id="p" * 65).said


@FACTS.fact("G107-twice", "a channel id that is in use", Need.PUSH, double="400 channelIdNotUnique")
def id_in_use(at: GoogleAccount) -> str:
    """Open the same channel twice."""
    needed(_watch(at, "twice"))
    return _watch(at, "twice").said


@FACTS.fact(
    "G108",
    "stopping a channel, and again",
    Need.PUSH,
    double="204, 204",
    others={"204, 404 notFound": "gone at once"},
)
def stopped_twice(at: GoogleAccount) -> str:
    """Stop twice."""
    found = needed(_watch(at, "stop"))
    return ", ".join(_stop(at, found).said for _ in range(2))


@FACTS.fact("G108-unknown", "stopping a channel that never was", double="404 notFound")
def stopped_unknown(at: GoogleAccount) -> str:
    """Stop what nobody opened."""
    return _stop(at, {"id": f"probe-{int(at.began.timestamp())}-none", "resourceId": "probe"}).said


@FACTS.fact("G115", "the resource id of two channels on one calendar", Need.PUSH, double="the same")
def resource_id(at: GoogleAccount) -> str:
    """Open two channels."""
    found = {needed(_watch(at, name))["resourceId"] for name in ("one", "two")}
    return "the same" if len(found) == 1 else "two"


@FACTS.fact("G116", "the channel type webhook", Need.PUSH, double="200")
def other_type(at: GoogleAccount) -> str:
    """Write the type in one word."""
    return _watch(at, "type", type="webhook").said


@FACTS.fact(
    "G104-http", "a channel to an address without TLS", Need.PUSH, double="400 push.webhookUrlNotHttps"
)
def without_tls(at: GoogleAccount) -> str:
    """Name an http address of a domain that nobody can have."""
    return _watch(at, "http", address="http://example.invalid/").said
