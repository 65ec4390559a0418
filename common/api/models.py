"""What requests may say: strict models whose refusals name the field and never repeat its value."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from common.api.http import Call, InvalidFields, Json
from common.domain.calendar.zones import zone
from common.errors import InvalidRequest, UnknownResource
from common.mail_address import LONGEST_ADDRESS, ascii_address

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", examples=["anna"])]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


def _can_be_mailed(address: str) -> str:
    ascii_address(address)
    return address


# Kept as it was written; what mails and calendars are sent is made of it on the way.
Email = Annotated[
    str,
    Field(
        max_length=LONGEST_ADDRESS, examples=["zoe@example.com"], json_schema_extra={"format": "idn-email"}
    ),
    AfterValidator(_can_be_mailed),
]
# Names what is stored, perhaps from before addresses were checked like that.
KnownEmail = Annotated[
    str, Field(max_length=254, pattern=r"^[^@\s\x00-\x1f<>,;\"]+@[^@\s\x00-\x1f<>,;\"]+\.[^@\s.]+$")
]
Minutes = Annotated[int, Field(ge=0, le=40_320)]


def _zone(name: str) -> str:
    try:
        zone(name)
    except ValueError:
        message = "not an IANA time zone"
        raise ValueError(message) from None
    return name


Zone = Annotated[str, Field(max_length=64, examples=["Europe/Zurich"]), AfterValidator(_zone)]


def _text_only(value: object) -> object:
    # A number would be read as seconds since 1970, which nobody means.
    if not isinstance(value, str):
        message = "an RFC 3339 instant is text"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns ValueError alone into a refusal
    return value


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_text_only),
    Field(examples=["2027-03-15T09:00:00+01:00"]),
]
M = TypeVar("M", bound="Model")
_BUILDING = threading.Lock()


class Model(BaseModel):
    """A request's body or query: unknown fields are refused, text is never turned into numbers."""

    # Built by the first request that needs it: a function has many models, and an answer needs one of them.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


def read(model: type[M], data: Any) -> M:
    """The validated model.

    Raises:
        InvalidFields: with one entry per field that is not acceptable; values are not repeated.
    """
    if not isinstance(data, Mapping):
        raise InvalidRequest("the body must be a JSON object", code="invalid_fields")
    _build(model)
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        raise InvalidFields(
            [
                {"field": ".".join(str(part)[:60] for part in item["loc"]) or "body", "message": item["msg"]}
                for item in error.errors(include_input=False, include_url=False, include_context=False)
            ]
        ) from None


def _build(model: type[Model]) -> None:
    # One thread builds and the others wait: a model that two build at once is for a moment its empty base.
    if not model.__pydantic_complete__:
        with _BUILDING:
            model.model_rebuild()


class _Name(Model):
    name: Id


def path_id(text: str) -> str:
    """An id from a path.

    Raises:
        UnknownResource: it is not of the form that ids have, so nothing can have that id.
    """
    try:
        return read(_Name, {"name": text}).name
    except InvalidFields:
        raise UnknownResource("there is no such thing") from None


def to_json(value: Any) -> Json:
    """A record as JSON: instants as RFC 3339 in UTC, lengths in seconds, enums by value, bytes in base64."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if is_dataclass(value):
        return {item.name: to_json(getattr(value, item.name)) for item in fields(value)}
    return value


def moment(value: datetime, zone_name: str = "UTC") -> str:
    """An RFC 3339 instant with the offset of a zone."""
    return value.astimezone(ZoneInfo(zone_name)).isoformat(timespec="seconds")


_PORTS = {"https": 443, "http": 80}


def _as_sent(text: str) -> str:
    """The origin, if a browser would write it so (https://www.rfc-editor.org/rfc/rfc6454#section-6.2)."""
    message = "an origin as browsers send it: lower case, without its usual port, path or user"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(message) from None
    named = f"[{host}]" if ":" in host else host
    usual = "" if port in {None, _PORTS.get(parts.scheme)} else f":{port}"
    if not host or text != f"{parts.scheme}://{named}{usual}":
        raise ValueError(message)
    return text


Origin = Annotated[
    str,
    Field(max_length=300, pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+$", examples=["https://salon.example"]),
    AfterValidator(_as_sent),
]


def own_resource(call: Call, resource: str | None = None) -> str:
    """The resource of the path (or the given one), if this caller may act for it.

    Raises:
        UnknownResource: it is not this caller's, which looks the same as not existing.
    """
    wanted = path_id(call.path["resource"]) if resource is None else resource
    if not call.staff.may(wanted):
        raise UnknownResource("there is no such resource")
    return wanted
