"""Writes calendars as Graph shows them."""

from local.microsoft import ids
from local.microsoft.errors import Json
from local.microsoft.model import Account, Seen


def calendar(account: Account, seen: Seen, owner: Account) -> Json:
    """A calendar as its list shows it."""
    found = seen.calendar
    provider = "skypeForConsumer" if account.personal else "teamsForBusiness"
    return {
        "id": seen.id,
        "name": found.name,
        "color": found.color,
        "hexColor": found.hex_color,
        "isDefaultCalendar": found.default and seen.own,
        "changeKey": ids.change_key(found.change),
        "canShare": seen.own and found.can_edit,
        "canViewPrivateItems": seen.own,
        "canEdit": seen.can_edit,
        "allowedOnlineMeetingProviders": [provider],
        "defaultOnlineMeetingProvider": provider,
        "isTallyingResponses": found.default and seen.own,
        "isRemovable": not found.default,
        "owner": {"name": owner.name, "address": owner.address},
    }
