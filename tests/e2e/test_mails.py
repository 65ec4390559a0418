"""The mails of the local stack: sent through the real client, accepted by moto's server, read from there."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from icalendar import Calendar

from local.mail import ReceivedMail, received_mails
from tests.e2e.test_stack import Up, free_ports, run

ROOT = Path(__file__).parents[2]
LONGEST = 60
HOURS = {day: ["08:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


class Business:
    """A running stack with a tenant, a resource and a service, and its mails."""

    def __init__(self, up: Up) -> None:
        self.up = up
        self.browser = requests.Session()
        self.browser.trust_env = False
        token = run("token", "--tenant", "demo", "--role", "owner", "--port", str(up.port)).stdout.strip()
        self.owner = {"Authorization": f"Bearer {token}"}
        back = {"return_addresses": ["http://localhost:3000/connected"]}
        self.call("PUT", "/tenant", {"name": "Salon", "time_zone": "Europe/Zurich"} | back)
        place = {"name": "Anna", "email": "anna@example.com", "time_zone": "Europe/Zurich", "hours": HOURS}
        self.call("PUT", "/resources/anna", place)
        self.call("PUT", "/services/cut", {"name": "Cut", "duration": 30, "resources": ["anna"]})

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        answer = self.browser.request(
            method,
            f"http://127.0.0.1:{self.up.port}{path}",
            json=body,
            headers=self.owner if headers is None else headers,
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json()

    def mail_to(self, address: str) -> ReceivedMail:
        """Wait for the first mail to an address."""
        limit = time.monotonic() + LONGEST
        while time.monotonic() < limit:
            found = [
                mail for mail in received_mails(f"http://127.0.0.1:{self.up.port + 6}") if address in mail.to
            ]
            if found:
                return found[0]
        raise AssertionError(f"no mail to {address}")


@pytest.fixture(scope="module")
def business() -> Iterator[Business]:
    running = Up(free_ports())
    try:
        made = Business(running)
        yield made
        made.browser.close()
    finally:
        running.close()


def test_a_booking_mails_its_customer_a_calendar_file(business: Business) -> None:
    """The confirmation has the booked time as a calendar file, and a link to manage the booking."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=7)
    asked = f"from={day:%Y-%m-%dT%H:%M:%SZ}&to={day + timedelta(days=4):%Y-%m-%dT%H:%M:%SZ}"
    offered = business.call("GET", f"/slots?tenant=demo&service=cut&resource=anna&{asked}", headers={})
    wish = {
        "service": "cut",
        "resource": "anna",
        "start": offered["slots"][0]["start"],
        "customer": {"name": "Zoe", "email": "zoe@example.net"},
    }
    booking = business.call("POST", "/bookings?tenant=demo", wish, {"Idempotency-Key": "only-once"})
    mail = business.mail_to("zoe@example.net")
    (event,) = Calendar.from_ical(mail.calendar).walk("VEVENT")

    assert mail.subject == "Your appointment with Salon"
    assert event["UID"] == f"{booking['id']}@slotbridge"
    assert event["DTSTART"].dt == datetime.fromisoformat(wish["start"])
    assert "http://localhost:3000/booking#demo/" in mail.text


def test_an_invitation_is_accepted_by_its_mail_alone(business: Business) -> None:
    """The mail's link has tenant, invitation and secret, which is all that is needed to get to Google."""
    invited = {"resource": "anna", "provider": "google", "return_to": "http://localhost:3000/connected"}
    business.call("POST", "/invitations", invited)
    mail = business.mail_to("anna@example.com")
    (link,) = re.findall(r"http://localhost:3000/invitation#\S+", mail.text)
    tenant, invitation, secret = urlsplit(link).fragment.split("/")
    bearer = {"Authorization": f"Bearer {secret}"}
    offer = business.call("GET", f"/invitations/{invitation}/offer?tenant={tenant}", headers=bearer)
    accepted = business.call(
        "POST", f"/invitations/{invitation}/accept?tenant={tenant}", {"provider": "google"}, headers=bearer
    )

    assert (mail.subject, tenant) == ("Salon invites you to connect your calendar", "demo")
    assert "Salon" in str(offer)
    assert accepted["authorization_url"].startswith(f"http://127.0.0.1:{business.up.port + 2}/o/oauth2/")


def test_the_command_line_shows_the_mails(business: Business) -> None:
    """``python -m local mails`` prints the mails, which are delivered nowhere."""
    business.mail_to("zoe@example.net")
    shown = subprocess.run(
        [sys.executable, "-m", "local", "mails", "--port", str(business.up.port)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Subject: Your appointment with Salon" in shown.stdout
    assert "BEGIN:VCALENDAR" in shown.stdout
    assert f"http://127.0.0.1:{business.up.port + 6}" in "\n".join(business.up.output)
