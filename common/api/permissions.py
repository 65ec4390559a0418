"""What a member of staff may touch: another's is the same as not there."""

from __future__ import annotations

from common.api.http import Call
from common.api.models import path_id
from common.errors import UnknownResource


def own_resource(call: Call, resource: str | None = None) -> str:
    """The resource of the path (or the given one), if this caller may act for it.

    Raises:
        UnknownResource: it is not this caller's, which looks the same as not existing.
    """
    wanted = path_id(call.path["resource"]) if resource is None else resource
    if not call.staff.may(wanted):
        raise UnknownResource("there is no such resource")
    return wanted
