"""How a record becomes a document and back: every stored field is named once, with the form it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from datetime import timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

from common.domain.interval import Interval
from common.errors import UnreadableDocument

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How one value is written, and read back."""

    write: Callable[[T], Any]
    read: Callable[[Any], T]


def unreadable(what: str) -> UnreadableDocument:
    """The error for a document that this version of the code does not understand: a newer one may."""
    return UnreadableDocument(f"a stored document has an unreadable {what}")


PLAIN: Form[Any] = Form(lambda value: value, lambda stored: stored)
SECONDS: Form[timedelta] = Form(
    lambda value: value // timedelta(seconds=1), lambda stored: timedelta(seconds=stored)
)
INTERVAL: Form[Interval] = Form(
    lambda value: {"start": value.start, "end": value.end},
    lambda stored: Interval(stored["start"], stored["end"]),
)


def word(of: type[E]) -> Form[E]:
    """An enum member by its value."""

    def read(stored: Any) -> E:
        try:
            return of(stored)
        except ValueError as error:
            raise unreadable(of.__name__) from error

    return Form(lambda value: value.value, read)


def items(form: Form[T]) -> Form[tuple[T, ...]]:
    """A tuple as an array."""
    return Form(
        lambda value: [form.write(item) for item in value],
        lambda stored: tuple(form.read(item) for item in stored),
    )


def by_name(form: Form[T]) -> Form[Mapping[str, T]]:
    """A mapping as a map."""
    return Form(
        lambda value: {name: form.write(item) for name, item in value.items()},
        lambda stored: {name: form.read(item) for name, item in stored.items()},
    )


TEXTS: Form[tuple[str, ...]] = items(PLAIN)


def record(of: Callable[..., T], **forms: Form[Any]) -> Form[T]:
    """A dataclass as a map.

    None is not stored. On reading, unknown fields are ignored, and a missing one takes the dataclass's
    default or None. An optional ``version`` is the document's own and never a field.
    """
    described = {item.name: item for item in fields(of) if not _is_document_version(item)}  # type: ignore[arg-type]
    if missing := set(described) ^ set(forms):
        raise TypeError(f"the stored form of {of} and its fields differ in {sorted(missing)}")
    optional = {
        name for name, item in described.items() if item.default is MISSING and "None" in str(item.type)
    }

    def write(value: T) -> dict[str, Any]:
        pairs = ((name, form, getattr(value, name)) for name, form in forms.items())
        return {name: form.write(item) for name, form, item in pairs if item is not None}

    def read(stored: Any) -> T:
        try:
            known: dict[str, Any] = dict.fromkeys(optional)
            known.update(
                (name, form.read(stored[name]))
                for name, form in forms.items()
                if stored.get(name) is not None
            )
            return of(**known)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise unreadable(getattr(of, "__name__", "record")) from error

    return Form(write, read)


def _is_document_version(item: Field[Any]) -> bool:
    return item.name == "version" and "None" in str(item.type)
