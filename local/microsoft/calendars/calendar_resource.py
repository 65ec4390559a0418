"""The JSON of a calendar, as Graph shows it: https://learn.microsoft.com/graph/api/resources/calendar."""

from local.microsoft import ids
from local.microsoft.errors import Json
from local.microsoft.model import Account, MailboxCalendar


def render_calendar(account: Account, mailbox_calendar: MailboxCalendar, owner: Account) -> Json:
    """The JSON of a calendar for the mailbox of `account`."""
    found = mailbox_calendar.calendar
    provider = "skypeForConsumer" if account.personal else "teamsForBusiness"
    return {
        "id": mailbox_calendar.id,
        "name": found.name,
        "color": found.color,
        "hexColor": found.hex_color,
        "isDefaultCalendar": found.default and mailbox_calendar.own,
        "changeKey": ids.change_key(found.change),
        "canShare": mailbox_calendar.own and found.can_edit,
        "canViewPrivateItems": mailbox_calendar.own,
        "canEdit": mailbox_calendar.can_edit,
        "allowedOnlineMeetingProviders": [provider],
        "defaultOnlineMeetingProvider": provider,
        "isTallyingResponses": found.default and mailbox_calendar.own,
        "isRemovable": not found.default,
        "owner": {"name": owner.name, "address": owner.address},
    }
