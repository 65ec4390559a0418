"""Inviting by mail: whoever reads the mail connects their own calendar to this one resource, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from common.domain.shared.tasks import Work
from common.flows.connect.complete_connection import finish_consent
from tests.api.conftest import Answer, Http
from tests.api.privacy.test_privacy import stored
from tests.recipients import ReceivedMail
from tests.world import ACCOUNT, RETURN_TO

OWNER = "owner.t1.-"
BODY = {"resource": "anna", "return_to": RETURN_TO}


def invite(http: Http, **more: Any) -> Answer:
    answer = http("POST", "/invitations", token=OWNER, json=BODY | more)
    assert answer.status == 201, answer.body
    http.world.drain()
    return answer


def link(mail: ReceivedMail) -> tuple[str, str, str]:
    """Tenant, invitation and secret of the link in a mail."""
    (address,) = [word for word in mail.text.split() if word.startswith("https://")]
    page, _, rest = address.partition("#")
    assert page == "https://shop.example/invitation"
    tenant, invitation, secret = rest.split("/")
    return tenant, invitation, secret


def offer(http: Http, held: tuple[str, str, str]) -> Answer:
    tenant, invitation, secret = held
    return http("GET", f"/invitations/{invitation}/offer?tenant={tenant}", token=secret)


def accept(http: Http, held: tuple[str, str, str], **body: Any) -> Answer:
    tenant, invitation, secret = held
    return http("POST", f"/invitations/{invitation}/accept?tenant={tenant}", token=secret, json=body)


def consent(http: Http, started: Answer, account: str = ACCOUNT, **decision: Any) -> str:
    """Answer on Google's page and come back; the outcome."""
    back = http.world.google.consent(started.body["authorization_url"], account=account, **decision)
    ended = http("GET", f"/oauth_callback?{urlsplit(back).query}", token=None)
    return parse_qs(urlsplit(ended.headers["Location"]).query)["outcome"][0]


def state(http: Http) -> str:
    (found,) = http("GET", "/invitations", token=OWNER).body["invitations"]
    return str(found["state"])


@pytest.fixture
def mail(http: Http) -> ReceivedMail:
    """An invitation as it arrived."""
    invite(http, provider="google")
    (mail,) = http.world.postbox.mails
    return mail


def test_an_invitation_leads_to_a_connection(http: Http, mail: ReceivedMail) -> None:
    """A2: the mail, who invites for what, the provider's page, the connection; then it is used up."""
    held = link(mail)
    seen = offer(http, held)
    started = accept(http, held)
    outcome = consent(http, started)
    (connection,) = http("GET", "/connections", token=OWNER).body["connections"]
    (listed,) = http("GET", "/invitations", token=OWNER).body["invitations"]

    assert mail.to == (ACCOUNT,)
    assert (seen.status, seen.body["business"], seen.body["resource"]) == (200, "Salon", "Anna")
    assert (started.status, outcome) == (201, "connected")
    assert (connection["resource"], connection["account"]) == ("anna", ACCOUNT)
    assert (listed["state"], listed["connection"], listed["sendings"]) == ("used", connection["id"], 1)
    assert (offer(http, held).status, accept(http, held).status) == (404, 404)


def test_reading_an_invitation_changes_nothing(http: Http, mail: ReceivedMail) -> None:
    """A mail scanner that follows the link as often as it likes accepts nothing."""
    held = link(mail)
    before = stored(http.world)
    answers = [offer(http, held).status for _ in range(5)]

    assert answers == [200] * 5
    assert stored(http.world) == before


def test_every_invitation_that_is_not_valid_looks_the_same(http: Http, mail: ReceivedMail) -> None:
    """Unknown, wrongly guessed, foreign, revoked and expired: all get the same answer."""
    tenant, invitation, secret = link(mail)
    answers = [
        offer(http, ("t9", invitation, secret)),
        offer(http, (tenant, "inv0", secret)),
        offer(http, (tenant, invitation, secret[:-1] + ("A" if secret[-1] != "A" else "B"))),
        offer(http, (tenant, invitation, "x" * 5000)),
        accept(http, (tenant, invitation, "x")),
    ]
    assert http("DELETE", f"/invitations/{invitation}", token=OWNER).body["state"] == "revoked"
    answers += [offer(http, (tenant, invitation, secret)), accept(http, (tenant, invitation, secret))]
    invite(http)
    http.world.advance(hours=73)
    answers.append(offer(http, link(http.world.postbox.mails[-1])))

    assert {(answer.status, answer.code, answer.body["detail"]) for answer in answers} == {
        (404, "invitation_invalid", answers[0].body["detail"])
    }


def test_a_failed_consent_does_not_use_up_the_invitation(http: Http, mail: ReceivedMail) -> None:
    """Whoever pressed Cancel, or took the wrong account, may try again with the same link."""
    held = link(mail)
    assert consent(http, accept(http, held), decision="deny") == "refused"
    assert state(http) == "open"

    assert consent(http, accept(http, held)) == "connected"


def test_an_expected_mailbox_is_the_only_one_accepted(http: Http) -> None:
    """The link was forwarded: another account is refused, given back, and the invitation stays open."""
    http.world.account("mallory@example.com")
    invite(http, expected_account=ACCOUNT)
    held = link(http.world.postbox.mails[-1])
    outcome = consent(http, accept(http, held, provider="google"), account="mallory@example.com")

    assert outcome == "wrong_account"
    assert (state(http), http("GET", "/connections", token=OWNER).body["connections"]) == ("open", [])
    assert ACCOUNT in http.world.postbox.mails[-1].text


def test_only_one_of_two_consents_under_one_link_connects(http: Http, mail: ReceivedMail) -> None:
    """Both were started while it was open; the second comes back to an invitation that is used."""
    http.world.account("second@example.com")
    held = link(mail)
    first, second = accept(http, held), accept(http, held)

    assert consent(http, first) == "connected"
    assert consent(http, second, account="second@example.com") == "state_expired_or_used"
    assert len(http("GET", "/connections", token=OWNER).body["connections"]) == 1


def test_two_consents_of_an_invitation_cannot_be_finished_at_once(http: Http, mail: ReceivedMail) -> None:
    """The claim is compare-and-set; a consent whose instance died loses it after minutes."""
    held = link(mail)
    started = accept(http, held)
    invitations = http.world.ports.invitations
    found = invitations.get("t1", held[1])
    now = http.world.clock.now()
    other = replace(found, claim="somebody", claimed_until=now.replace(minute=5))
    invitations.save(other)

    assert consent(http, started) == "state_expired_or_used"
    http.world.advance(minutes=6)
    assert consent(http, accept(http, held)) == "connected"


def test_a_revoked_invitation_ends_a_consent_under_way(http: Http, mail: ReceivedMail) -> None:
    """The owner takes it back while the person is on the provider's page."""
    held = link(mail)
    started = accept(http, held)
    http("DELETE", f"/invitations/{held[1]}", token=OWNER)

    assert consent(http, started) == "state_expired_or_used"
    assert http("GET", "/connections", token=OWNER).body["connections"] == []


def test_a_new_address_of_the_resource_makes_the_link_invalid(http: Http, mail: ReceivedMail) -> None:
    """The employee left: the link in the old mailbox is invalid; sending again reaches the new one."""
    held = link(mail)
    catalogue = http.world.ports.catalogue
    catalogue.save_resource("t1", replace(catalogue.resource("t1", "anna"), email="new@example.com"))
    old = offer(http, held).status
    again = http("POST", f"/invitations/{held[1]}/resend", token=OWNER)
    http.world.drain()

    assert (old, again.status, again.body["address"]) == (404, 202, "new@example.com")
    assert http.world.postbox.mails[-1].to == ("new@example.com",)
    assert offer(http, link(http.world.postbox.mails[-1])).status == 200


def test_sending_again_ends_the_older_link(http: Http, mail: ReceivedMail) -> None:
    """One link lives at a time; after five sendings a new invitation is needed."""
    held = link(mail)
    answers = [http("POST", f"/invitations/{held[1]}/resend", token=OWNER) for _ in range(5)]
    http.world.drain()
    newest = link(http.world.postbox.mails[-1])

    assert [answer.status for answer in answers] == [202] * 4 + [409]
    assert answers[-1].code == "sent_too_often"
    assert (offer(http, held).status, offer(http, newest).status) == (404, 200)


def test_the_secret_is_stored_nowhere(http: Http, mail: ReceivedMail) -> None:
    """Once the mail is out only a hash is left; tasks and log lines never held it, nor the address."""
    _, _, secret = link(mail)
    tasks = "\n".join(str(done.task) for done in http.world.done)
    said = "\n".join(http.world.log.lines) + tasks

    assert [place for place in (stored(http.world), said) if secret in place] == []
    assert http.world.ports.invitations.get("t1", link(mail)[1]).sealed is None
    assert ACCOUNT not in said


def test_the_same_task_twice_is_one_mail(http: Http, mail: ReceivedMail) -> None:
    """F17: Cloud Tasks may deliver twice."""
    for done in [item for item in http.world.done if item.task.work is Work.NOTIFY]:
        http.world.run(Work.NOTIFY, done.task.payload)

    assert http.world.postbox.mails == [mail]


def test_a_consent_belongs_to_the_invited_resource(http: Http, mail: ReceivedMail) -> None:
    """The state that the provider sends back names tenant, resource and invitation; nothing else decides."""
    started = accept(http, link(mail))
    back = http.world.google.consent(started.body["authorization_url"], account=ACCOUNT)
    query = {key: values[0] for key, values in parse_qs(urlsplit(back).query).items()}
    outcome = finish_consent(http.world.ports, state=query["state"], code=query["code"])
    connection = http.world.ports.connections.get("t1", outcome.connection or "")

    assert (connection.tenant, connection.resource) == ("t1", "anna")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"resource": "nobody"}, 404, "not_found"),
        ({"return_to": "https://evil.example"}, 400, "unknown_return_address"),
        ({"provider": "yahoo"}, 400, "invalid_fields"),
        ({"hours": 73}, 400, "invalid_fields"),
        ({"email": "other@example.com"}, 400, "invalid_fields"),
    ],
)
def test_an_invitation_that_cannot_be_made_is_refused(http: Http, body: Any, status: int, code: str) -> None:
    """Unknown resources, foreign return addresses, and nobody else's address."""
    answer = http("POST", "/invitations", token=OWNER, json=BODY | body)

    assert (answer.status, answer.code) == (status, code)
    assert http.world.postbox.mails == []


def test_a_resource_without_an_address_cannot_be_invited(http: Http) -> None:
    """A2: there is nobody to send it to."""
    catalogue = http.world.ports.catalogue
    catalogue.save_resource("t1", replace(catalogue.resource("t1", "anna"), email=None))

    assert http("POST", "/invitations", token=OWNER, json=BODY).code == "no_address"


def test_the_number_of_invitation_mails_is_limited(http: Http) -> None:
    """Thirty at once, then ten a minute; the answer says when to come back."""
    answers = [http("POST", "/invitations", token=OWNER, json=BODY) for _ in range(31)]

    assert {answer.status for answer in answers[:30]} == {201}
    assert (answers[30].status, answers[30].code) == (503, "too_many_invitations")
    assert int(answers[30].headers["Retry-After"]) >= 1


@pytest.mark.parametrize("token", ["owner.t2.-", "staff.t1.anna", "support.t1.anna", None])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("GET", ""), ("DELETE", "/I"), ("POST", "/I/resend")]
)
def test_only_owners_manage_invitations(
    http: Http, mail: ReceivedMail, token: str | None, method: str, path: str
) -> None:
    """Owners alone, and of their own tenant."""
    _, invitation, _ = link(mail)
    options = {"json": BODY} if (method, path) == ("POST", "") else {}
    answer = http(method, f"/invitations{path.replace('I', invitation)}", token=token, **options)

    if (method, path, token) == ("GET", "", "owner.t2.-"):
        assert answer.body["invitations"] == []
    else:
        assert answer.status in {401, 403, 404}
    assert state(http) == "open"
