"""Answers what belongs to a mailbox as a whole: the person, its settings, time zones and ids.

https://learn.microsoft.com/graph/api/user-get-mailboxsettings,
https://learn.microsoft.com/graph/api/outlookuser-supportedtimezones,
https://learn.microsoft.com/graph/api/user-translateexchangeids (at most 1,000 ids)
"""

from local.microsoft import ids
from local.microsoft.api import odata, schema
from local.microsoft.api.context import Context
from local.microsoft.errors import Json, bad_request
from local.microsoft.times import supported_zones, zone

MOST_IDS = 1000


def me(context: Context) -> Json:
    """Answer /me: the signed-in person."""
    account = context.account
    first, _, last = account.name.partition(" ")
    full: Json = {
        "businessPhones": [],
        "displayName": account.name,
        "givenName": first,
        "jobTitle": None,
        "mail": account.address,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": last or None,
        "userPrincipalName": account.address,
        "id": account.oid.replace("-", "")[-16:] if account.personal else account.oid,
    }
    shown = odata.select("user", context.query.get("$select", ""), full)
    return {"@odata.context": f"{context.base}/$metadata#users/$entity"} | shown


def settings(context: Context) -> Json:
    """Answer the mailbox settings; their time zone is a Windows name (fact M87)."""
    zone_name = context.account.time_zone
    full: Json = {
        "archiveFolder": None,
        "timeZone": zone_name,
        "dateFormat": "dd.MM.yyyy",
        "timeFormat": "HH:mm",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "userPurpose": "user",
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "workingHours": working_hours(zone_name),
    }
    wanted = context.query.get("$select", "")
    shown = {name: value for name, value in full.items() if not wanted or name in wanted.split(",")}
    return {"@odata.context": f"{context.base}/$metadata#me/mailboxSettings"} | shown


def update_settings(context: Context) -> Json:
    """Answer a change of the mailbox's time zone."""
    schema.check_body("mailboxSettings", context.body)
    if context.body.get("timeZone"):
        zone(context.body["timeZone"])
        context.account.time_zone = context.body["timeZone"]
    return settings(context)


def working_hours(zone_name: str) -> Json:
    """The working hours of every mailbox: Monday to Friday, eight to five."""
    return {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "startTime": "08:00:00.0000000",
        "endTime": "17:00:00.0000000",
        "timeZone": {"name": zone_name},
    }


def time_zones(context: Context) -> Json:
    """Answer the time zones that Exchange knows, as Windows or IANA names."""
    standard = "iana" if "iana" in context.path_target.other.lower() else "windows"
    kind = f"{context.base}/$metadata#Collection(microsoft.graph.timeZoneInformation)"
    return {"@odata.context": kind, "value": supported_zones(standard)}


def translate(context: Context) -> Json:
    """Answer translateExchangeIds: convert ids between ordinary and immutable ones."""
    schema.check_action("user/translateExchangeIds", context.body)
    wanted = context.body.get("inputIds")
    kinds = {"restId": False, "restImmutableEntryId": True}
    source, target = context.body.get("sourceIdType"), context.body.get("targetIdType")
    if not isinstance(wanted, list) or source not in kinds or target not in kinds:
        raise bad_request("inputIds, sourceIdType and targetIdType are required.", "ErrorInvalidParameter")
    if len(wanted) > MOST_IDS:
        raise bad_request("At most 1000 ids can be converted.", "ErrorInvalidParameter")
    return {"value": [_translated(context, each, immutable=kinds[target]) for each in wanted]}


def _translated(context: Context, given: str, *, immutable: bool) -> Json:
    key, day = context.state.event_ids.get(given, ("", ""))
    calendar_id = context.state.calendar_of_event.get(key)
    if calendar_id is None or not ids.well_formed(given):
        error = {"code": "ErrorInvalidIdMalformed", "message": "Id is malformed."}
        return {"sourceId": given, "targetId": None, "errorDetails": error}
    item = context.state.calendars[calendar_id].items[key]
    return {"sourceId": given, "targetId": context.state.id_of(item, immutable=immutable, day=day)}
