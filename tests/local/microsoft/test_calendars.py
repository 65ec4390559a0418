import pytest

from tests.local.microsoft.driver import ADA, BOB, CLO, WINDOW, Refused, all_day, timed, weekly


def test_list_shows_kinds_of_calendars(sim, ada):
    """Default, other and read-only calendars are listed with their properties, by pages."""
    sim.admin.add_calendar(ADA, "Birthdays", can_edit=False)
    for number in range(9):
        ada("POST", "/me/calendars", {"name": f"C{number}", "color": "lightBlue"})
    found, _ = ada.all("/me/calendars")

    assert 11 == len(found)
    assert [True] + [False] * 10 == [each["isDefaultCalendar"] for each in found]
    assert (False, True, ADA) == (found[0]["isRemovable"], found[0]["canEdit"], found[0]["owner"]["address"])
    assert False is found[1]["canEdit"]
    assert ("lightBlue", "") == (found[2]["color"], found[2]["hexColor"])


def test_calendars_can_be_created_renamed_and_deleted(ada):
    """A name can be used once; the default calendar cannot be deleted; ids stay the same."""
    made = ada("POST", "/me/calendars", {"name": "Salon"})
    with pytest.raises(Refused) as taken:
        ada("POST", "/me/calendars", {"name": "salon"})
    renamed = ada("PATCH", f"/me/calendars/{made['id']}", {"name": "Shop"})
    ada("DELETE", f"/me/calendars/{made['id']}")
    with pytest.raises(Refused) as gone:
        ada("GET", f"/me/calendars/{made['id']}")
    with pytest.raises(Refused) as kept:
        ada("DELETE", f"/me/calendars/{ada('GET', '/me/calendar')['id']}")

    assert (made["id"], "Shop") == (renamed["id"], renamed["name"])
    assert (409, "ErrorFolderExists") == (taken.value.status, taken.value.code)
    assert (404, "ErrorItemNotFound") == (gone.value.status, gone.value.code)
    assert 400 == kept.value.status


def test_read_only_calendars_refuse_writes(sim, ada):
    """Writing to a calendar whose canEdit is false is 403."""
    calendar = sim.admin.add_calendar(ADA, "Holidays", can_edit=False)
    sim.owner.put_event(calendar, all_day("2026-10-05"))
    with pytest.raises(Refused) as caught:
        ada("POST", f"/me/calendars/{calendar}/events", timed("2026-10-05T10:00:00"))

    assert (403, "ErrorAccessDenied") == (caught.value.status, caught.value.code)
    assert 1 == len(ada("GET", f"/me/calendars/{calendar}/events")["value"])


def test_shared_calendars_need_their_own_permissions(sim, connect):
    """They are listed with their owner, need the .Shared permissions, and cannot be subscribed to."""
    link = sim.admin.share(CLO, ADA)
    plain, shared = connect(), connect(scopes=["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"])
    sim.owner.put_event(CLO, timed("2026-10-05T10:00:00"))
    listed = plain("GET", "/me/calendars")["value"][1]
    with pytest.raises(Refused) as unread:
        connect(client="other")("GET", f"/me/calendars/{link}/events")
    with pytest.raises(Refused) as unwritten:
        shared("POST", f"/me/calendars/{link}/events", timed("2026-10-05T10:00:00"))
    body = {
        "changeType": "updated",
        "resource": f"me/calendars/{link}/events",
        "notificationUrl": "https://app.example.test/hook",
        "expirationDateTime": "2026-10-02T00:00:00Z",
    }
    with pytest.raises(Refused) as unheard:
        shared("POST", "/subscriptions", body)

    assert (link, False, CLO, False) == (
        listed["id"],
        listed["canEdit"],
        listed["owner"]["address"],
        listed["isDefaultCalendar"],
    )
    assert [403] * 3 == [each.value.status for each in (unread, unwritten, unheard)]
    assert 1 == len(shared("GET", f"/me/calendars/{link}/events")["value"])
    sim.admin.unshare(CLO, ADA)
    assert 1 == len(plain("GET", "/me/calendars")["value"])


def test_each_method_needs_one_of_its_permissions(connect):
    """A call passes only with one of the permissions of its method."""
    basic = connect(scopes=["Calendars.ReadBasic"])
    reader = connect(scopes=["Calendars.Read"], client="other", account=CLO)
    basic("GET", "/me/calendars")
    refused = []
    for driver, verb, path, body in (
        (basic, "GET", "/me/calendarView/delta", None),
        (reader, "POST", "/me/events", timed("2026-10-05T10:00:00")),
        (reader, "GET", "/me/mailboxSettings", None),
        (reader, "GET", "/me", None),
    ):
        with pytest.raises(Refused) as caught:
            driver(verb, path, body, **(WINDOW if "View" in path else {}))
        refused.append((caught.value.status, caught.value.code))

    assert [(403, "ErrorAccessDenied")] * 4 == refused


def test_missing_unknown_and_expired_tokens_are_401(sim, ada, clock):
    """A call without a token, with an unknown one or an expired one is refused."""
    good, ada.token = ada.token, "nonsense"
    with pytest.raises(Refused) as unknown:
        ada("GET", "/me")
    ada.token = good
    clock.forward(hours=1)
    with pytest.raises(Refused) as old:
        ada("GET", "/me")

    assert [(401, "InvalidAuthenticationToken")] * 2 == [
        (each.value.status, each.value.code) for each in (unknown, old)
    ]


def test_mailbox_settings_have_a_windows_zone(ada, bob):
    """The mailbox names a Windows zone; the supported zones are listed as Windows and as IANA names."""
    windows = ada("GET", "/me/outlook/supportedTimeZones")["value"]
    iana = ada(
        "GET", "/me/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')"
    )

    assert ("W. Europe Standard Time", "Eastern Standard Time") == tuple(
        each("GET", "/me/mailboxSettings")["timeZone"] for each in (ada, bob)
    )
    assert "W. Europe Standard Time" in [each["alias"] for each in windows]
    names = [each["alias"] for each in iana["value"]]
    assert ("Europe/Berlin" in names, "Europe/Zurich" in names) == (True, False)


def schedule(*people, **more):
    return {
        "schedules": list(people),
        "startTime": {"dateTime": "2026-10-05T00:00:00", "timeZone": "W. Europe Standard Time"},
        "endTime": {"dateTime": "2026-10-06T00:00:00", "timeZone": "W. Europe Standard Time"},
        "availabilityViewInterval": 360,
    } | more


def test_schedule_has_digits_and_items(sim, ada):
    """A digit for each interval, items with moments, and an error for each unknown address."""
    sim.owner.put_event(CLO, timed("2026-10-05T07:00:00", showAs="tentative", sensitivity="private"))
    sim.owner.put_event(CLO, timed("2026-10-05T13:00:00", showAs="oof"))
    sim.owner.put_event(CLO, timed("2026-10-05T19:00:00", showAs="workingElsewhere"))
    sim.owner.put_event(sim.admin.add_calendar(CLO, "Second"), timed("2026-10-05T01:00:00"))
    sim.owner.put_event(ADA, all_day("2026-10-05"))
    clo, own, missing = ada("POST", "/me/calendar/getSchedule", schedule(CLO, ADA, "x@contoso.test"))["value"]

    assert ("0130", ["tentative", "oof", "workingElsewhere"]) == (
        clo["availabilityView"],
        [each["status"] for each in clo["scheduleItems"]],
    )
    assert [True, False, False] == [each["isPrivate"] for each in clo["scheduleItems"]]
    assert ("2222", "2026-10-04T22:00:00.0000000") == (
        own["availabilityView"],
        own["scheduleItems"][0]["start"]["dateTime"],
    )
    assert "ErrorMailRecipientNotFound" == missing["error"]["responseCode"]


@pytest.mark.parametrize(
    "body",
    [
        schedule(*[f"p{number}@contoso.test" for number in range(21)]),
        schedule(ADA, availabilityViewInterval=4),
        schedule(ADA, endTime={"dateTime": "2026-12-06T00:00:00", "timeZone": "UTC"}),
    ],
)
def test_schedule_has_limits(ada, body):
    """At most twenty people, intervals from five minutes, and less than 62 days."""
    with pytest.raises(Refused) as caught:
        ada("POST", "/me/calendar/getSchedule", body)

    assert 400 == caught.value.status


def test_schedule_is_not_for_personal_accounts(bob):
    """A personal account gets 403."""
    with pytest.raises(Refused) as caught:
        bob("POST", "/me/calendar/getSchedule", schedule(BOB))

    assert 403 == caught.value.status


def test_busy_times_of_the_control_api(sim):
    """They are merged, without free, cancelled and zero-length events."""
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday")))
    sim.owner.put_event(ADA, timed("2026-10-05T10:30:00"))
    sim.owner.put_event(ADA, timed("2026-10-05T15:00:00", showAs="free"))

    assert [
        ["2026-10-05T08:00:00.0000000Z", "2026-10-05T09:30:00.0000000Z"],
        ["2026-10-12T08:00:00.0000000Z", "2026-10-12T09:00:00.0000000Z"],
    ] == sim.inspect.busy(ADA, time_min="2026-10-01T00:00:00Z", time_max="2026-10-15T00:00:00Z")


def test_bulk_load_sends_no_notifications(sim, ada):
    """Many events can be stored at once, without notifications."""
    assert 200 == sim.admin.bulk_load(ADA, [timed("2026-10-05T10:00:00")] * 200)
    assert 200 == len(ada.all("/me/calendarView", **WINDOW, **{"$top": 1000})[0])
    assert [] == sim.inspect.pending_pushes()
