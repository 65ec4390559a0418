"""Requests that are refused although nothing is wrong with them, and batches that meet each other.

The numbers are rows of docs/provider-facts.md.
"""

import threading

import jwt
import pytest

from local.microsoft import GRAPH, MicrosoftSimulator, Settings
from local.microsoft.settings import SWITCHES
from tests.local.microsoft.driver import ADA, BOB, CLO, Refused, timed
from tests.local.microsoft.oauth_setup import code_of, exchange


def statuses(call, times, *arguments):
    found = []
    for _ in range(times):
        try:
            call(*arguments)
            found.append(200)
        except Refused as refused:
            found.append(refused.status)
    return found


def test_any_request_may_be_a_conflict(sim, ada):
    """412 without If-Match, on reads too; each of so many requests (M48)."""
    sim.admin.set_setting("stray_conflict_every", 3)

    assert [200, 200, 412, 200, 200, 412] == statuses(ada, 6, "GET", "/me/calendars")


def test_an_event_may_be_missing_for_once(sim, ada):
    """404 for an event that is there, each of so many requests to events; lists are answered."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.admin.set_setting("stray_not_found_every", 2)

    assert [200, 404, 200, 404] == statuses(ada, 4, "GET", f"/me/events/{made['id']}")
    assert [200, 200] == statuses(ada, 2, "GET", "/me/events")


@pytest.mark.parametrize(("account", "others"), [(ADA, 200), ("", 401)])
def test_good_tokens_may_be_refused(sim, ada, connect, account, others):
    """An outage answers 401 to every token of an account, or of all, and new ones do not help (M147)."""
    bob = connect(BOB)
    sim.admin.refuse_tokens(account)
    assert [401] == statuses(ada, 1, "GET", "/me/calendars")
    assert [401] == statuses(connect(ADA), 1, "GET", "/me/calendars")
    assert [others] == statuses(bob, 1, "GET", "/me/calendars")

    sim.admin.refuse_tokens(account, refused=False)
    assert [200] == statuses(ada, 1, "GET", "/me/calendars")


@pytest.mark.parametrize("number", [70000, 70012, 50033, 50088, 90006, 90055])
def test_a_refusal_of_the_grant_may_pass(sim, web, number):
    """The same refresh token works again (M144, M145)."""
    refresh = exchange(web, code_of(sim)).json["refresh_token"]
    sim.admin.refuse_refresh(ADA, code=number, times=1)
    form = {"client_id": "client", "client_secret": "secret", "grant_type": "refresh_token"}
    answers = [
        web.post("/common/oauth2/v2.0/token", data=form | {"refresh_token": refresh}) for _ in range(2)
    ]

    assert [400, 200] == [each.status_code for each in answers]
    assert [number] == answers[0].json["error_codes"]


@pytest.mark.parametrize("filtered", [False, True])
def test_the_number_is_not_always_in_the_text(sim, web, filtered):
    """`error_codes` has it either way (M142)."""
    sim.admin.set_setting("filtered_descriptions", filtered)
    answer = exchange(web, "never given").json

    assert ([70000], not filtered) == (answer["error_codes"], "AADSTS70000" in answer["error_description"])


@pytest.mark.parametrize(("scope", "told"), [("openid email", True), ("openid", False)])
def test_the_email_claim_needs_its_scope(sim, web, scope, told):
    """`preferred_username` is there either way (M154)."""
    token = exchange(web, code_of(sim, scope=f"{scope} User.Read")).json["id_token"]
    claims = jwt.decode(token, options={"verify_signature": False})

    assert (told, ADA) == ("email" in claims, claims["preferred_username"])


class Meeting:
    """A first batch that waits inside its first part until a second one was answered."""

    def __init__(self, sim, ada):
        self.sim, self.ada = sim, ada

    def answers(self, first, second, **limits):
        self.sim.admin.set_limits(**{"concurrent": GRAPH.concurrent} | limits)
        inside, done, found = threading.Event(), threading.Event(), {}
        real = self.sim._faults.wait

        def wait(_seconds):
            inside.set()
            done.wait(10)

        self.sim._faults.wait = wait
        self.sim.add_fault("slow", method="me.get")
        thread = threading.Thread(target=lambda: found.update(first=self.ada("POST", "/$batch", first)))
        thread.start()
        assert inside.wait(10)
        try:
            found["second"] = self.ada("POST", "/$batch", second)
        finally:
            done.set()
            thread.join(10)
            self.sim._faults.wait = real
        return found


def parts(number, *, chained=False):
    found = [{"id": str(each), "method": "GET", "url": "/me"} for each in range(number)]
    if chained:
        for each in range(1, number):
            found[each]["dependsOn"] = [str(each - 1)]
    return {"requests": found}


def by_status(answer):
    found = {}
    for each in answer["responses"]:
        found[each["status"]] = found.get(each["status"], 0) + 1
    return found


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (parts(20), parts(20), {429: 20}),
        (parts(2), parts(20), {200: 2, 429: 18}),
        (parts(2), parts(2), {200: 2}),
        (parts(20, chained=True), parts(3), {200: 3}),
        (parts(20, chained=True), parts(20), {200: 3, 429: 17}),
    ],
)
def test_two_batches_share_the_places_of_a_mailbox(sim, ada, first, second, expected):
    """A batch takes up to four places, a chain of dependsOn one; the other's parts beyond are 429 (M112)."""
    found = Meeting(sim, ada).answers(first, second)

    assert (expected, {200: len(first["requests"])}) == (
        by_status(found["second"]),
        by_status(found["first"]),
    )


@pytest.mark.parametrize(("status", "told"), [(429, True), (503, True), (429, False)])
def test_crowding_has_two_statuses_and_may_say_no_time(sim, ada, status, told):
    """429 or 503 (M114), with Retry-After or without (M115); inside a batch that is 200 (M113)."""
    sim.admin.set_setting("concurrency_status", status)
    sim.admin.set_setting("retry_after_sent", told)
    (refused,) = Meeting(sim, ada).answers(parts(20), parts(1))["second"]["responses"]

    assert (status, told) == (refused["status"], "Retry-After" in refused["headers"])


def test_two_mailboxes_do_not_share_places(sim, ada, connect):
    """The places are those of an app at one mailbox (M111)."""
    clo = connect(CLO)
    meeting = Meeting(sim, ada)
    second = clo("POST", "/$batch", parts(20))
    found = meeting.answers(parts(20), parts(1))

    assert ({200: 20}, {429: 1}) == (by_status(second), by_status(found["second"]))


def test_what_stories_draw_begins_with_what_is_usual():
    """Each name is a setting, its first value is the default, and every value can be set."""
    sim = MicrosoftSimulator()
    usual = Settings()
    for name, (first, *others) in SWITCHES.items():
        assert len({first, *others}) == 1 + len(others)
        for value in (*others, first):
            sim.admin.set_setting(name, value)
        assert getattr(usual, name) == getattr(sim.settings, name)
