"""Writes a mail as MIME: text, the same as HTML, and the calendar file; nothing in it can become a header."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Language
from common.domain.export import templates as filling
from common.domain.notify import Appointment, MailContent, single_line
from common.errors import Forbidden, OperatorFault
from common.mail.templates import TEMPLATES
from common.mail_address import ascii_address, can_be_mailed

PRODUCT = "-//Slotbridge//Slotbridge//EN"


def method(appointment: Appointment) -> str:
    """The iCalendar method: what a calendar program shall do with the file."""
    return "CANCEL" if appointment.cancelled else "PUBLISH"


def calendar_file(appointment: Appointment, *, organizer: str, business: str, now: datetime) -> bytes:
    """The text of the file; without a secret link or a guest's words, because calendars are shared."""
    event = Event()
    event.add("uid", appointment.uid)
    event.add("sequence", appointment.sequence)
    if appointment.recurrence_id is not None:
        event.add("recurrence-id", appointment.recurrence_id.astimezone(UTC))
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", appointment.interval.start.astimezone(UTC))
    event.add("dtend", appointment.interval.end.astimezone(UTC))
    event.add("summary", single_line(appointment.title))
    event.add("status", "CANCELLED" if appointment.cancelled else "CONFIRMED")
    event.add("organizer", _organizer(organizer, business))
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method(appointment))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _organizer(address: str, business: str) -> vCalAddress:
    found = vCalAddress(f"mailto:{address}")
    # A parameter's value cannot hold a quotation mark: https://www.rfc-editor.org/rfc/rfc5545#section-3.2
    found.params["CN"] = single_line(business).replace('"', "'")
    return found


# Every part is seven-bit, whatever the servers on its way can do.
POLICY = SMTP.clone(cte_type="7bit")
_FONT = "font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a"


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished mail and whom the transport hands it to."""

    raw: bytes = field(repr=False)
    sender: str = field(repr=False)
    recipient: str = field(repr=False)


def write_mail(content: MailContent, *, sender: str) -> Mail:
    """Write a mail: headers, text, HTML, and the calendar file where there is an appointment.

    An address for answers that cannot be mailed to is left out: the mail itself goes.

    Raises:
        Forbidden: The recipient's address is none that mail can be sent to.
        OperatorFault: The sender's own address is none.
    """
    try:
        own = _address(sender, content.business)
    except Forbidden as error:
        raise OperatorFault("the sender's address is not valid", code="invalid_sender") from error
    recipient = _address(*content.to)
    template = TEMPLATES[content.language][content.kind]
    facts = _facts(content)
    message = EmailMessage(policy=POLICY)
    message["From"] = own
    message["To"] = recipient
    message["Subject"] = single_line(filling.title(template.subject, facts))
    if content.sent_at is not None:
        message["Date"] = format_datetime(content.sent_at)
    message["Message-ID"] = f"<{content.id}@{own.domain}>"
    # SES writes a Message-ID of its own; this one stays.
    message["X-Slotbridge-Id"] = content.id
    # Nobody's absence note needs an answer: https://www.rfc-editor.org/rfc/rfc3834#section-5
    message["Auto-Submitted"] = "auto-generated"
    if content.reply_to and can_be_mailed(content.reply_to):
        message["Reply-To"] = _address(content.reply_to, content.business)
    body = filling.description(template.body, facts)
    message.set_content(_text(body, template.link, content.link), charset="utf-8")
    message.add_alternative(_html(content, body, template.link), subtype="html", charset="utf-8")
    _attach(message, content, organizer=own.addr_spec)
    return Mail(message.as_bytes(), own.addr_spec, recipient.addr_spec)


def _facts(content: MailContent) -> dict[str, str]:
    facts = {name: single_line(value) for name, value in content.facts.items()}
    facts["business"] = single_line(content.business)
    if content.interval is not None:
        facts["when"] = when(content.interval, content.zone, content.language)
    if content.until is not None:
        facts["until"] = until(content.until, content.zone, content.language)
    return facts


def _address(address: str, name: str) -> Address:
    try:
        spec = ascii_address(address)
    except ValueError as error:
        raise Forbidden("this address cannot be mailed to", code="invalid_address") from error
    return Address(display_name=single_line(name), addr_spec=spec)


def _text(body: str, label: str, link: str) -> str:
    return f"{body}\n\n{label}:\n{link}\n" if label and link else f"{body}\n"


def _html(content: MailContent, body: str, label: str) -> str:
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in body.split("\n"))
    action = f'<p><a href="{escape(content.link)}">{escape(label)}</a></p>' if label and content.link else ""
    return (
        f'<!doctype html><html lang="{content.language.value}"><head><meta charset="utf-8"></head>'
        f'<body style="{_FONT}">{paragraphs}{action}</body></html>\n'
    )


def _attach(message: EmailMessage, content: MailContent, *, organizer: str) -> None:
    appointment = content.appointment
    if appointment is None or content.sent_at is None:
        return
    file = calendar_file(appointment, organizer=organizer, business=content.business, now=content.sent_at)
    message.add_attachment(
        file,
        maintype="text",
        subtype="calendar",
        filename="appointment.ics",
        params={"method": method(appointment), "charset": "utf-8"},
    )


_DAYS = {
    Language.ENGLISH: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    Language.GERMAN: ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
}
_MONTHS = {
    Language.ENGLISH: (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    Language.GERMAN: (
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
}


def when(interval: Interval, zone: str, language: Language) -> str:
    """A time span in words, on the clocks of a zone, which is named."""
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (interval.start, interval.end))
    if start.date() != end.date():
        return f"{_day(start, language)}, {_clock(start)} - {_day(end, language)}, {_clock(end)} ({zone})"
    dash = " - " if _shown_twice(start) or _shown_twice(end) else "-"
    return f"{_day(start, language)}, {_clock(start)}{dash}{_clock(end)} ({zone})"


def until(moment: datetime, zone: str, language: Language) -> str:
    """A point in time in words, on the clocks of a zone, which is named."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{_day(local, language)}, {_clock(local)} ({zone})"


def _clock(local: datetime) -> str:
    """What the clock shows; where it shows that twice, with the offset that tells which of the two it is."""
    if not _shown_twice(local):
        return f"{local:%H:%M}"
    shift = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, minutes = divmod(abs(shift), 60)
    return f"{local:%H:%M} UTC{'-' if shift < 0 else '+'}{hours}{f':{minutes:02}' if minutes else ''}"


def _shown_twice(local: datetime) -> bool:
    """Whether the clock was set back, and shows this time before and after that."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _day(local: datetime, language: Language) -> str:
    day, month = _DAYS[language][local.weekday()], _MONTHS[language][local.month - 1]
    dot = "." if language is Language.GERMAN else ""
    return f"{day}, {local.day}{dot} {month} {local.year}"
