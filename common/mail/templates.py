"""Every text that is mailed, in English and in German: a subject, lines, and the name of the link.

Nothing that a guest wrote appears in any of them: whoever books with somebody else's address could otherwise
send that person any text in the business's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.domain.catalogue.records import Language
from common.domain.notify import MailKind


@dataclass(frozen=True, slots=True)
class Template:
    """Words in braces are facts; a line of which all facts are empty is left out."""

    subject: str
    body: str
    link: str = ""


_DETAILS_EN = "What: {service}\nWith: {resource}\nWhen: {when}\nReference: {reference}"
_DETAILS_DE = "Was: {service}\nBei: {resource}\nWann: {when}\nReferenz: {reference}"
_MANAGE_EN, _MANAGE_DE = "See, move or cancel the appointment", "Termin ansehen, verschieben oder absagen"
_CONSOLE_EN, _CONSOLE_DE = "Open the console", "Konsole öffnen"

ENGLISH: Mapping[MailKind, Template] = {
    MailKind.BOOKED: Template(
        "Your appointment with {business}",
        f"Your appointment is booked.\n{_DETAILS_EN}",
        _MANAGE_EN,
    ),
    MailKind.MOVED: Template(
        "Your appointment with {business} has a new time",
        f"Your appointment was moved. This is its time now.\n{_DETAILS_EN}",
        _MANAGE_EN,
    ),
    MailKind.CANCELLED: Template(
        "Your appointment with {business} was cancelled",
        f"This appointment was cancelled. You need not do anything.\n{_DETAILS_EN}",
    ),
    MailKind.INVITATION: Template(
        "{business} invites you to connect your calendar",
        "{business} asks you to connect your calendar to the bookings of {resource}.\n"
        "You choose yourself, on the page of Google or Microsoft, whether you allow it.\n"
        "Please connect this account: {account}\n"
        "The link works once, until {until}. If you do not know {business}, ignore this mail.",
        "Connect my calendar",
    ),
    MailKind.REAUTH_REQUIRED: Template(
        "The calendar of {resource} must be connected again",
        "The {provider} calendar of {resource} does not let us in any more. Nothing was deleted.\n"
        "Until it is connected again, its times cannot be checked and bookings do not appear there.",
        _CONSOLE_EN,
    ),
    MailKind.REAUTH_REMINDER: Template(
        "Reminder: the calendar of {resource} must be connected again",
        "The {provider} calendar of {resource} still does not let us in. Nothing was deleted.\n"
        "Until it is connected again, its times cannot be checked and bookings do not appear there.\n"
        "These reminders come once a day; they can be switched off.",
        _CONSOLE_EN,
    ),
    MailKind.UNREACHABLE: Template(
        "The calendar of {resource} cannot be read",
        "The {provider} calendar of {resource} has not answered for some time. Nothing was deleted, and we "
        "keep trying.\nUntil it answers, no times of {resource} are offered to customers.",
        _CONSOLE_EN,
    ),
    MailKind.SYNC_STALLED: Template(
        "Synchronising the calendar of {resource} does not come on",
        "The {provider} calendar of {resource} is being synchronised, and that has not come on for some "
        "minutes. Nothing was deleted, and we keep trying.\n"
        "Please look at the connection; who runs this service can see more.",
        _CONSOLE_EN,
    ),
    MailKind.CALENDAR_GONE: Template(
        "A calendar of {resource} is gone",
        "A calendar of the {provider} account of {resource} is not there any more, or not for us.\n"
        "Please check which calendars are switched on.",
        _CONSOLE_EN,
    ),
    MailKind.MASS_DELETION_HELD: Template(
        "Many events of {resource} disappeared at once",
        "So many events disappeared from the {provider} calendar of {resource} that nothing was "
        "removed here yet.\nPlease confirm it, if that is right.",
        _CONSOLE_EN,
    ),
    MailKind.EDIT_REVERTED: Template(
        "A change to an appointment of {resource} was undone",
        "An appointment was changed in the {provider} calendar in a way that cannot be kept. "
        "The change was undone.\n"
        "When: {when}\nReference: {reference}",
        _CONSOLE_EN,
    ),
    MailKind.EDIT_PROPOSED: Template(
        "A change to an appointment of {resource} waits for you",
        "An appointment was changed in the {provider} calendar. The booking itself was not changed.\n"
        "When: {when}\nReference: {reference}",
        _CONSOLE_EN,
    ),
    MailKind.EDIT_CONTESTED: Template(
        "An appointment of {resource} is changed in the calendar again and again",
        "We put an appointment in the {provider} calendar right several times, and each time it was changed "
        "or deleted there again, perhaps by another program.\n"
        "We leave it as it is for now: the calendar may show something else than the booking. "
        "The booking is what counts.\n"
        "When: {when}\nReference: {reference}",
        _CONSOLE_EN,
    ),
    MailKind.BOOKING_CONFLICT: Template(
        "Two things at the same time for {resource}",
        "An event in the {provider} calendar takes the same time as an appointment that was booked before.\n"
        "When: {when}\nReference: {reference}",
        _CONSOLE_EN,
    ),
    MailKind.EXPORT_STOPPED: Template(
        "Appointments of {resource} do not reach the calendar as wished",
        "Appointments cannot be written to the {provider} calendar of {resource} as it was set up.\n"
        "No appointment is lost. Please check the connection.",
        _CONSOLE_EN,
    ),
    MailKind.EVENTS_UNREADABLE: Template(
        "Events of {resource} that cannot be read properly",
        "Some events in the {provider} calendar of {resource} cannot be right, such as one that ends before "
        "it starts.\nEach of them takes the time that it may take, and all others are read as ever. "
        "The console lists them.\nPlease put them right or delete them in the calendar.",
        _CONSOLE_EN,
    ),
    MailKind.WEBHOOK_DISABLED: Template(
        "A webhook of {business} was switched off",
        "The address of a webhook has not answered for days, so it is not called any more.\n"
        "What it missed is kept for a month and can be sent again.",
        _CONSOLE_EN,
    ),
}

GERMAN: Mapping[MailKind, Template] = {
    MailKind.BOOKED: Template(
        "Ihr Termin bei {business}",
        f"Ihr Termin ist gebucht.\n{_DETAILS_DE}",
        _MANAGE_DE,
    ),
    MailKind.MOVED: Template(
        "Neue Zeit für Ihren Termin bei {business}",
        f"Ihr Termin wurde verschoben. Das ist jetzt seine Zeit.\n{_DETAILS_DE}",
        _MANAGE_DE,
    ),
    MailKind.CANCELLED: Template(
        "Ihr Termin bei {business} wurde abgesagt",
        f"Dieser Termin wurde abgesagt. Sie müssen nichts weiter tun.\n{_DETAILS_DE}",
    ),
    MailKind.INVITATION: Template(
        "{business} lädt Sie ein, Ihren Kalender zu verbinden",
        "{business} bittet Sie, Ihren Kalender mit den Buchungen von {resource} zu verbinden.\n"
        "Sie entscheiden selbst auf der Seite von Google oder Microsoft, ob Sie das erlauben.\n"
        "Bitte verbinden Sie dieses Konto: {account}\n"
        "Der Link gilt einmal und bis {until}. Kennen Sie {business} nicht, übergehen Sie diese Nachricht.",
        "Meinen Kalender verbinden",
    ),
    MailKind.REAUTH_REQUIRED: Template(
        "Der Kalender von {resource} muss neu verbunden werden",
        "Der {provider}-Kalender von {resource} lässt uns nicht mehr ein. Gelöscht wurde nichts.\n"
        "Bis er neu verbunden ist, können seine Zeiten nicht geprüft werden, "
        "und Buchungen erscheinen dort nicht.",
        _CONSOLE_DE,
    ),
    MailKind.REAUTH_REMINDER: Template(
        "Erinnerung: Der Kalender von {resource} muss neu verbunden werden",
        "Der {provider}-Kalender von {resource} lässt uns noch immer nicht ein. Gelöscht wurde nichts.\n"
        "Bis er neu verbunden ist, können seine Zeiten nicht geprüft werden, "
        "und Buchungen erscheinen dort nicht.\n"
        "Diese Erinnerung kommt einmal am Tag; sie lässt sich abschalten.",
        _CONSOLE_DE,
    ),
    MailKind.UNREACHABLE: Template(
        "Der Kalender von {resource} ist nicht lesbar",
        "Der {provider}-Kalender von {resource} antwortet seit einiger Zeit nicht. Gelöscht wurde nichts, "
        "und wir versuchen es weiter.\n"
        "Bis er antwortet, werden für {resource} keine Zeiten angeboten.",
        _CONSOLE_DE,
    ),
    MailKind.SYNC_STALLED: Template(
        "Der Abgleich des Kalenders von {resource} kommt nicht voran",
        "Der {provider}-Kalender von {resource} wird abgeglichen, und das kommt seit einigen Minuten nicht "
        "voran. Gelöscht wurde nichts, und wir versuchen es weiter.\n"
        "Bitte sehen Sie sich die Verbindung an; wer diesen Dienst betreibt, sieht mehr.",
        _CONSOLE_DE,
    ),
    MailKind.CALENDAR_GONE: Template(
        "Ein Kalender von {resource} ist weg",
        "Ein Kalender des {provider}-Kontos von {resource} ist nicht mehr da, oder nicht mehr für uns.\n"
        "Bitte prüfen Sie, welche Kalender eingeschaltet sind.",
        _CONSOLE_DE,
    ),
    MailKind.MASS_DELETION_HELD: Template(
        "Viele Einträge von {resource} sind auf einmal verschwunden",
        "Aus dem {provider}-Kalender von {resource} sind so viele Einträge verschwunden, "
        "dass hier noch nichts entfernt wurde.\nBitte bestätigen Sie es, wenn das stimmt.",
        _CONSOLE_DE,
    ),
    MailKind.EDIT_REVERTED: Template(
        "Die Änderung eines Termins von {resource} wurde zurückgenommen",
        "Ein Termin wurde im {provider}-Kalender so geändert, dass es nicht bleiben kann. "
        "Die Änderung wurde zurückgenommen.\nWann: {when}\nReferenz: {reference}",
        _CONSOLE_DE,
    ),
    MailKind.EDIT_PROPOSED: Template(
        "Die Änderung eines Termins von {resource} wartet auf Sie",
        "Ein Termin wurde im {provider}-Kalender geändert. Die Buchung selbst ist noch, wie sie war.\n"
        "Wann: {when}\nReferenz: {reference}",
        _CONSOLE_DE,
    ),
    MailKind.EDIT_CONTESTED: Template(
        "Ein Termin von {resource} wird im Kalender immer wieder geändert",
        "Wir haben einen Termin im {provider}-Kalender mehrmals richtiggestellt, und jedes Mal wurde er dort "
        "wieder geändert oder gelöscht, vielleicht von einem anderen Programm.\n"
        "Wir stellen ihn vorerst nicht mehr richtig: Im Kalender steht womöglich etwas anderes als in der "
        "Buchung. Es gilt die Buchung.\n"
        "Wann: {when}\nReferenz: {reference}",
        _CONSOLE_DE,
    ),
    MailKind.BOOKING_CONFLICT: Template(
        "Zwei Dinge zur selben Zeit bei {resource}",
        "Ein Eintrag im {provider}-Kalender belegt die Zeit eines Termins, der vorher gebucht wurde.\n"
        "Wann: {when}\nReferenz: {reference}",
        _CONSOLE_DE,
    ),
    MailKind.EXPORT_STOPPED: Template(
        "Termine von {resource} kommen nicht wie gewünscht in den Kalender",
        "Termine können nicht so in den {provider}-Kalender von {resource} geschrieben werden, wie es "
        "eingestellt ist.\nKein Termin ist verloren. Bitte prüfen Sie die Verbindung.",
        _CONSOLE_DE,
    ),
    MailKind.EVENTS_UNREADABLE: Template(
        "Einträge von {resource}, die sich nicht richtig lesen lassen",
        "Einige Einträge im {provider}-Kalender von {resource} können so nicht stimmen, "
        "zum Beispiel endet einer, bevor er anfängt.\nJeder von ihnen belegt die Zeit, die er belegen kann, "
        "alle anderen werden gelesen wie immer. Die Konsole zeigt sie.\n"
        "Bitte berichtigen oder löschen Sie sie im Kalender.",
        _CONSOLE_DE,
    ),
    MailKind.WEBHOOK_DISABLED: Template(
        "Ein Webhook von {business} wurde abgeschaltet",
        "Die Adresse eines Webhooks antwortet seit Tagen nicht und wird nicht mehr aufgerufen.\n"
        "Was sie verpasst hat, bleibt einen Monat erhalten und kann noch einmal gesendet werden.",
        _CONSOLE_DE,
    ),
}

TEMPLATES = {Language.ENGLISH: ENGLISH, Language.GERMAN: GERMAN}
