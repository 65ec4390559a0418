"""The format of mails: no text of a person becomes a header, an HTML tag or a calendar property."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Language
from common.domain.export.templates import PLACEHOLDERS
from common.domain.notify import Appointment, MailContent, MailKind, NoticeKind, notice_mail_kind, single_line
from common.errors import Forbidden, OperatorFault
from common.mail.mailer import MimeMailer
from common.mail.message import until, when, write_mail
from common.mail.templates import TEMPLATES
from tests.recipients import SENDER, Mailbox, ReceivedMail

NINE = datetime(2027, 3, 22, 8, 0, tzinfo=UTC)
SPAN = Interval(NINE, NINE + timedelta(minutes=30))
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "X-Slotbridge-Id",
    "Auto-Submitted",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
]
PROPERTIES = {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS", "ORGANIZER"}
nasty = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "Zoe\r\nBcc: everybody@example.com",
            "x\nATTENDEE:mailto:a@b.c",
            'a";CN="b',
            "</p><script>alert(1)</script>",
            "END:VEVENT\r\nBEGIN:VALARM",
            "{business}{link}",
            "\u2028X-ALT-DESC:\u0085b",
            "=?utf-8?q?Bcc:?=",
            "\\n\\,;:",
        ]
    ),
)


def mail_content(**values: Any) -> MailContent:
    appointment = Appointment("b1@slotbridge", 3, SPAN, "Europe/Zurich", "Cut (Salon)")
    fields: dict[str, Any] = {
        "id": "0123456789abcdef",
        "kind": MailKind.BOOKED,
        "language": Language.ENGLISH,
        "to": ("zoe@example.net", "Zoe Zimmer"),
        "business": "Salon",
        "facts": {"service": "Cut", "resource": "Anna", "reference": "ABCD1234"},
        "link": "https://shop.example/booking#t1/b1/secret",
        "reply_to": "owner@salon.example",
        "appointment": appointment,
        "interval": SPAN,
        "zone": "Europe/Zurich",
        "sent_at": NINE,
    }
    return MailContent(**{**fields, **values})


def received(mail: MailContent) -> ReceivedMail:
    return ReceivedMail(write_mail(mail, sender=SENDER))


@given(name=nasty, business=nasty, service=nasty, resource=nasty)
def test_texts_of_people_inject_nothing(name: str, business: str, service: str, resource: str) -> None:
    """Parsed back, headers, recipients, calendar properties and tags are those of a harmless text."""
    appointment = Appointment("b1@slotbridge", 3, SPAN, "UTC", f"{service} ({business})")
    facts = {"service": service, "resource": resource, "reference": "ABCD1234"}
    to = ("zoe@example.net", name)
    mail = received(mail_content(to=to, business=business, facts=facts, appointment=appointment))
    message = mail.message
    calendar = mail.calendar
    assert calendar is not None
    (event,) = calendar.walk("VEVENT")

    assert list(message.keys()) == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == ["zoe@example.net"]
    assert [address.addr_spec for address in message["From"].addresses] == [SENDER]
    assert message["Message-ID"] == "<0123456789abcdef@slotbridge.example>"
    assert message.defects == []
    assert set(event) == PROPERTIES
    assert [part.name for part in calendar.walk()] == ["VCALENDAR", "VEVENT"]
    assert str(event["SUMMARY"]) == single_line(f"{service} ({business})")
    assert str(event["ORGANIZER"]) == f"mailto:{SENDER}"
    tags = mail.html.count("<")
    assert tags - mail.html.count("<p>") * 2 == received(mail_content()).html.count("<") - 2 * received(
        mail_content()
    ).html.count("<p>")


@given(name=nasty)
def test_a_mail_to_a_guest_holds_no_text_of_the_guest_but_a_name(name: str) -> None:
    """So nobody can send texts of their own to another person's address."""
    plain, other = received(mail_content()), received(mail_content(to=("zoe@example.net", name)))

    assert (other.text, other.html, other.subject) == (plain.text, plain.html, plain.subject)
    assert other.calendar == plain.calendar


def test_every_line_is_ascii_and_short_enough() -> None:
    """Mail servers may refuse longer lines and other bytes: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1."""
    raw = received(
        mail_content(business="Schönheit & Söhne " * 8, to=("zoe@exämple.net", "Zoë"), kind=MailKind.MOVED)
    ).mail.raw

    assert raw.isascii()
    assert max(len(part) for part in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"xn--exmple-cua.net" in raw


@pytest.mark.parametrize(
    "address",
    [
        "",
        "zoe",
        "zoe@",
        "@example.net",
        "zoe@example.net\r\nBcc: a@b.c",
        "a b@c.d",
        "zöe@example.net",
        "a@b, c@d",
    ],
)
def test_an_invalid_recipient_is_refused_for_good(address: str) -> None:
    """Before anything is sent, and without a retry."""
    with pytest.raises(Forbidden):
        write_mail(mail_content(to=(address, "Zoe")), sender=SENDER)


@pytest.mark.parametrize("address", ["büro@salon.example", "a..b@x", "owner"])
def test_an_address_for_answers_that_cannot_be_mailed_to_is_left_out(address: str) -> None:
    """The mail goes all the same."""
    mail = received(mail_content(reply_to=address))

    assert (mail.to, mail.message["Reply-To"]) == (("zoe@example.net",), None)


def test_an_internationalised_domain_is_written_as_punycode() -> None:
    """In every header that holds an address, and for the mail service."""
    mail = received(mail_content(to=("zoe@straße.example", "Zoe"), reply_to="owner@büro.example"))

    assert mail.to == ("zoe@xn--strae-oqa.example",)
    assert "owner@xn--bro-hoa.example" in str(mail.message["Reply-To"])
    assert [item.addr_spec for item in mail.message["To"].addresses] == list(mail.to)


def test_a_wrong_or_missing_sender_is_the_operators_fault() -> None:
    """Not the customer's."""
    with pytest.raises(OperatorFault):
        write_mail(mail_content(), sender="nobody")
    postbox = Mailbox()
    with pytest.raises(OperatorFault):
        MimeMailer(lambda: postbox, sender="").send(mail_content())
    MimeMailer(lambda: postbox, sender=SENDER).send(mail_content())

    assert (MimeMailer(lambda: postbox, sender="").on, len(postbox.mails)) == (False, 1)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", MailKind)
def test_every_kind_of_mail_has_a_text_in_every_language(kind: MailKind, language: Language) -> None:
    """A subject and a text, without an unfilled placeholder."""
    facts = {"service": "Cut", "resource": "Anna", "reference": "R", "provider": "Google", "account": "a@b.c"}
    mail = received(mail_content(kind=kind, language=language, facts=facts, until=NINE))

    assert mail.subject.strip()
    assert len(mail.text.strip()) > 40
    assert [part for part in (mail.subject, mail.text, mail.html) if {"{", "}"} & set(part)] == []
    assert f'lang="{language.value}"' in mail.html
    assert set(TEMPLATES[language]) == set(MailKind)


def test_every_notice_has_a_mail_or_is_listed_without_one() -> None:
    """A kind of notice that is added later must choose."""
    silent = {kind for kind in NoticeKind if notice_mail_kind(kind) is None}

    assert silent == {
        NoticeKind.BOOKING_MOVED,
        NoticeKind.BOOKING_CANCELLED,
        NoticeKind.OWNER_ADDRESS_UNUSABLE,
    }
    assert "note" in PLACEHOLDERS


def test_the_line_of_a_missing_value_is_left_out() -> None:
    """For example without an expected account there is no line about it."""
    with_it = received(
        mail_content(kind=MailKind.INVITATION, facts={"resource": "Anna", "account": "a@b.c"}, until=NINE)
    )
    without = received(mail_content(kind=MailKind.INVITATION, facts={"resource": "Anna"}, until=NINE))

    assert "a@b.c" in with_it.text
    assert "this account" not in without.text


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (Language.ENGLISH, "Monday, 22 March 2027, 09:00-09:30 (Europe/Zurich)"),
        (Language.GERMAN, "Montag, 22. März 2027, 09:00-09:30 (Europe/Zurich)"),
    ],
)
def test_times_are_written_in_the_readers_zone(language: Language, expected: str) -> None:
    """And the zone is named."""
    over = Interval(NINE, NINE + timedelta(hours=20))

    assert when(SPAN, "Europe/Zurich", language) == expected
    assert when(over, "Europe/Zurich", language).count("2027") == 2


def test_the_calendar_file_is_an_attachment_with_its_method() -> None:
    """PUBLISH for a booking, CANCEL for a cancelled one; no alarm, no guest, no management link."""
    mail = received(mail_content())
    over = received(mail_content(appointment=replace(mail_content().appointment, cancelled=True)))  # type: ignore[type-var]
    (part,) = [part for part in mail.message.walk() if part.get_content_type() == "text/calendar"]

    assert part.get_filename() == "appointment.ics"
    assert part["Content-Type"].params["method"] == "PUBLISH"
    assert b"secret" not in bytes(mail.calendar.to_ical()) if mail.calendar else False
    assert str(over.calendar["METHOD"] if over.calendar else "") == "CANCEL"


def test_a_mail_reads_the_same_to_another_parser() -> None:
    """The oldest policy of the standard library's parser finds the same parts."""
    parsed = message_from_bytes(received(mail_content()).mail.raw, policy=policy.compat32)
    kinds = [part.get_content_type() for part in parsed.walk()]

    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"]
    assert isinstance(Calendar.from_ical(parsed.get_payload()[1].get_payload(decode=True)), Calendar)  # type: ignore[index,union-attr]


@pytest.mark.pitfall(17)
@pytest.mark.parametrize(
    ("zone", "start", "minutes", "expected"),
    [
        ("Europe/Zurich", "2027-10-31T00:00:00Z", 60, "02:00 UTC+2 - 02:00 UTC+1 (Europe/Zurich)"),
        ("Europe/Zurich", "2027-10-31T01:30:00Z", 60, "02:30 UTC+1 - 03:30 (Europe/Zurich)"),
        ("Europe/Zurich", "2027-10-31T02:30:00Z", 30, "03:30-04:00 (Europe/Zurich)"),
        ("Europe/Zurich", "2027-03-28T00:30:00Z", 60, "01:30-03:30 (Europe/Zurich)"),
        (
            "America/St_Johns",
            "2027-11-07T03:45:00Z",
            60,
            "01:15 UTC-2:30 - 01:15 UTC-3:30 (America/St_Johns)",
        ),
    ],
)
def test_a_time_that_the_clock_shows_twice_is_told_with_its_offset(
    zone: str, start: str, minutes: int, expected: str
) -> None:
    """Pitfall 17: nobody reads "02:00-02:00" on the night in which the clocks are set back."""
    begin = datetime.fromisoformat(start)
    span = Interval(begin, begin + timedelta(minutes=minutes))

    assert when(span, zone, Language.ENGLISH).rpartition(", ")[2] == expected


@pytest.mark.pitfall(17)
def test_an_end_that_the_clock_shows_twice_is_told_with_its_offset() -> None:
    """Pitfall 17: in the time until which an invitation holds, too."""
    second = datetime(2027, 10, 31, 1, 0, tzinfo=UTC)

    assert until(second, "Europe/Zurich", Language.ENGLISH).rpartition(", ")[2] == (
        "02:00 UTC+1 (Europe/Zurich)"
    )
