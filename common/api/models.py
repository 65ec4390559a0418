"""What requests may say: strict models whose refusals name the field and never repeat its value."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from unicodedata import category
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

# What somebody reads whose text has not the form that a pattern demands.
_WORDS: dict[str, str] = {}
_NO_FORM = "this is not written as this field wants it"
# Where pydantic speaks of Python and of our classes.
_KINDS = {
    "dict_type": "this is a JSON object",
    "list_type": "this is a list",
    "model_type": "this is a JSON object",
    "tuple_type": "this is a list",
}


def form(pattern: str, words: str, **more: Any) -> Any:
    """A field whose text has a form, and the words for a text that has another one.

    Args:
        pattern: The form, as a regular expression that the OpenAPI document shows.
        words: What the refusal says in its place; a regular expression is nothing to show to people.
        more: What else pydantic's ``Field`` takes.
    """
    _WORDS[pattern] = words
    return Field(pattern=pattern, **more)


# A StrEnum or a tuple: JSON has neither, so a word or a list becomes one.
FROM_JSON: Any = Field(strict=False)

# Characters that count as letters or symbols, and of which nobody sees anything.
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_UNSEEN = ("Z", "M", "Cc", "Cf", "Cs")


def _with_something_to_see(text: str) -> str:
    if all(sign in _FILLERS or category(sign).startswith(_UNSEEN) for sign in text):
        message = "there is nothing to see in this"
        raise ValueError(message)
    return text


Id = Annotated[
    str,
    form(
        r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        "an id has 1 to 64 letters without accents, digits, - and _, and begins with a letter or a digit",
        examples=["anna"],
    ),
]
Line = Annotated[
    str,
    form(
        r"^[^\x00-\x1f\x7f]+$",
        "this is one line of text, without control characters",
        min_length=1,
        max_length=200,
        description="With something to see in it: not only spaces.",
    ),
    AfterValidator(_with_something_to_see),
]
Text = Annotated[
    str,
    form(
        r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
        "this is text without control characters other than tabs and line ends",
        max_length=4000,
    ),
]


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
    str,
    form(
        r"^[^@\s\x00-\x1f<>,;\"]+@[^@\s\x00-\x1f<>,;\"]+\.[^@\s.]+$",
        "this is no e-mail address",
        max_length=254,
    ),
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


# https://www.rfc-editor.org/rfc/rfc3339#section-5.6, without the space that it lets writers choose for T: in
# an address that space is a + that was not escaped.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = re.compile(r"[0-9]{1,9}")


def _instant(value: object) -> datetime:
    """The instant that a text names; pydantic itself takes digits for seconds since 1970.

    Raises:
        ValueError: It is no text in the form of RFC 3339, or no time of the calendar.
    """
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        message = (
            "an instant is text with its offset, such as 2027-03-15T09:00:00+01:00 (+ is %2B in an address)"
        )
        raise ValueError(message)
    try:
        moment = datetime.fromisoformat(value.upper())
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        message = "there is no such date or time"
        raise ValueError(message) from None
    return moment


def _day(value: object) -> date:
    """The date that a text names.

    Raises:
        ValueError: It is no text in the form YYYY-MM-DD, or no date of the calendar.
    """
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        message = "a date is text such as 2027-03-15"
        raise ValueError(message)
    try:
        return date.fromisoformat(value)
    except ValueError:
        message = "there is no such date"
        raise ValueError(message) from None


def _whole_number(value: object) -> object:
    """The number in the text of a query; its other spellings (+5, 1_0, 5.0) are nobody's intention."""
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            message = "a whole number, in digits"
            raise ValueError(message)
        return int(value)
    return value


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_instant),
    Field(examples=["2027-03-15T09:00:00+01:00"]),
]
Day = Annotated[date, BeforeValidator(_day)]
# Of a query, where everything is text; in a body a number is a number.
FROM_DIGITS = BeforeValidator(_whole_number)
M = TypeVar("M", bound="Model")
_BUILDING = threading.Lock()


class Model(BaseModel):
    """A request's body or query: unknown fields are refused, and nothing is turned into something else.

    A text is no number, a number no truth value, and "yes" neither.
    """

    # Built by the first request that needs it: a function has many models, and an answer needs one of them.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, defer_build=True
    )


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
                {
                    "field": ".".join(str(part)[:60] for part in item["loc"]) or "body",
                    "message": _message(item),
                }
                for item in error.errors(include_input=False, include_url=False)
            ]
        ) from None


def _message(refused: Mapping[str, Any]) -> str:
    """What a person reads about one of pydantic's refusals."""
    if refused["type"] == "string_pattern_mismatch":
        return _WORDS.get(refused["ctx"]["pattern"], _NO_FORM)
    return _KINDS.get(refused["type"], str(refused["msg"]).removeprefix("Value error, "))


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
    form(
        r"^https?://[A-Za-z0-9.\-\[\]:]+$",
        "an origin such as https://salon.example",
        max_length=300,
        examples=["https://salon.example"],
    ),
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
