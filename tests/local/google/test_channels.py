"""Push channels: their names, their end, and messages that one would not expect."""

import pytest

from tests.local.google.driver import ADA, BOB, Refused, timed

HOOK = "https://app.example.test/webhook_google"


def channel(name="channel-1"):
    return {"id": name, "type": "web_hook", "address": HOOK}


def states(sent):
    return [headers["X-Goog-Resource-State"] for _, headers in sent]


def refused(call, *arguments, **named):
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return caught.value.status, caught.value.reason


@pytest.mark.parametrize("name", ["a.b", "a b", "a%b", "what?", "ä"])
def test_names_of_channels_have_few_signs(ada, name):
    """Letters, digits and -_+/= are all that is taken."""
    assert refused(ada, "events.watch", channel(name), calendarId=ADA) == (400, "invalid")
    assert ada("events.watch", channel("aZ09-_+/="), calendarId=ADA)["id"] == "aZ09-_+/="


def test_a_channel_is_stopped_once_more_for_a_minute(ada, clock):
    """Later it is not found."""
    watched = ada("events.watch", channel(), calendarId=ADA)
    stop = {"id": watched["id"], "resourceId": watched["resourceId"]}
    ada("channels.stop", stop)
    clock.forward(seconds=60)
    ada("channels.stop", stop)
    clock.forward(seconds=1)

    assert refused(ada, "channels.stop", stop) == (404, "notFound")


def test_messages_can_come_after_a_stop(sim, ada, sent):
    """A switch: a stopped channel still hears of changes until it expires."""
    watched = ada("events.watch", channel(), calendarId=ADA)
    ada("channels.stop", {"id": watched["id"], "resourceId": watched["resourceId"]})
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00"))
    sim.admin.set_setting("pushes_after_stop", True)
    sim.owner.put_event(ADA, timed("2026-10-06T10:00:00"))
    sim.push.deliver()

    assert states(sent) == ["sync", "exists"]


def test_a_deleted_calendar_can_say_so(sim, ada, sent):
    """A switch: the last message of a channel is not_exists."""
    calendar = sim.admin.add_calendar(ADA, "Team")
    sim.admin.share(calendar, BOB, "reader")
    ada("events.watch", channel(), calendarId=calendar)
    sim.admin.set_setting("deleted_calendars_pushed", True)
    sim.admin.remove_calendar(calendar)
    sim.push.deliver()

    assert states(sent) == ["sync", "not_exists"]
