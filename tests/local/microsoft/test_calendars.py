import pytest

from tests.local.microsoft.driver import ADA, BOB, CLO, WINDOW, Refused, all_day, timed, weekly


def test_list_tells_whose_and_what_for(sim, ada):
    """Default, own and read-only calendars, by pages."""
    sim.admin.add_calendar(ADA, "Birthdays", can_edit=False)
    for number in range(9):
        ada("POST", "/me/calendars", {"name": f"C{number}", "color": "lightBlue"})
    found, _ = ada.all("/me/calendars")

    assert 11 == len(found)
    assert [True] + [False] * 10 == [each["isDefaultCalendar"] for each in found]
    assert (False, True, ADA) == (found[0]["isRemovable"], found[0]["canEdit"], found[0]["owner"]["address"])
    assert False is found[1]["canEdit"]
    assert ("lightBlue", "") == (found[2]["color"], found[2]["hexColor"])


def test_create_rename_delete(ada):
    """A name is taken once; the default calendar cannot be deleted; ids stay."""
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
    """CanEdit false means 403."""
    calendar = sim.admin.add_calendar(ADA, "Holidays", can_edit=False)
    sim.owner.put_event(calendar, all_day("2026-10-05"))
    with pytest.raises(Refused) as caught:
        ada("POST", f"/me/calendars/{calendar}/events", timed("2026-10-05T10:00:00"))

    assert (403, "ErrorAccessDenied") == (caught.value.status, caught.value.code)
    assert 1 == len(ada("GET", f"/me/calendars/{calendar}/events")["value"])


def test_shared_calendars(sim, connect):
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


def test_permissions(connect):
    """Every method needs one of its permissions."""
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


def test_tokens(sim, ada, clock):
    """Without a token, with an unknown one or an old one it is a 401."""
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


def test_mailbox_settings_and_zones(ada, bob):
    """The mailbox names a Windows zone; the supported ones can be listed both ways."""
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


def test_get_schedule(sim, ada):
    """Digits by slot, items with moments, an error for each address that is unknown."""
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
def test_get_schedule_has_limits(ada, body):
    """Twenty people, intervals from five minutes, less than 62 days."""
    with pytest.raises(Refused) as caught:
        ada("POST", "/me/calendar/getSchedule", body)

    assert 400 == caught.value.status


def test_get_schedule_is_not_for_personal_accounts(bob):
    """A personal account is refused."""
    with pytest.raises(Refused) as caught:
        bob("POST", "/me/calendar/getSchedule", schedule(BOB))

    assert 403 == caught.value.status


def test_busy_times_of_the_back_door(sim):
    """Merged, without free, cancelled and zero-length events."""
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday")))
    sim.owner.put_event(ADA, timed("2026-10-05T10:30:00"))
    sim.owner.put_event(ADA, timed("2026-10-05T15:00:00", showAs="free"))

    assert [
        ["2026-10-05T08:00:00.0000000Z", "2026-10-05T09:30:00.0000000Z"],
        ["2026-10-12T08:00:00.0000000Z", "2026-10-12T09:00:00.0000000Z"],
    ] == sim.inspect.busy(ADA, time_min="2026-10-01T00:00:00Z", time_max="2026-10-15T00:00:00Z")


def test_bulk_load_is_silent_and_fast(sim, ada):
    """Many events at once."""
    assert 200 == sim.admin.bulk_load(ADA, [timed("2026-10-05T10:00:00")] * 200)
    assert 200 == len(ada.all("/me/calendarView", **WINDOW, **{"$top": 1000})[0])
    assert [] == sim.inspect.pending_pushes()
