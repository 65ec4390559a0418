"""Documents, writes and queries as the raw protobuf messages of the Firestore API, and back.

The client's own conversion costs sixteen times as much CPU a document, most of it in proto-plus, and cannot
say "the whole document, if its version is still this one".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore_v1 import types

from common.store.firestore.documents import (
    NAME,
    REMOVE,
    Create,
    Delete,
    FieldPath,
    Increment,
    Merge,
    Query,
    Replace,
    Snapshot,
    Write,
    Written,
    full_order,
)
from common.store.firestore.values import canonical, canonical_fields

_Value: Any = types.Value.pb()
_Write: Any = types.Write.pb()
_StructuredQuery: Any = types.StructuredQuery.pb()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = {"<": 1, "<=": 2, ">": 3, ">=": 4, "==": 5, "in": 8}
_ASCENDING, _DESCENDING, _AND = 1, 2, 1


def fill(target: Any, value: Any) -> None:
    """Set a message to a canonical value."""
    if isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = 0
    elif isinstance(value, bool):
        target.boolean_value = value
    elif isinstance(value, int):
        target.integer_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, datetime):
        since = value - _EPOCH
        target.timestamp_value.seconds = since // _SECOND
        target.timestamp_value.nanos = since % _SECOND // _MICROSECOND * 1_000
        target.timestamp_value.SetInParent()
    elif isinstance(value, bytes):
        target.bytes_value = value
    elif isinstance(value, list):
        target.array_value.SetInParent()
        for item in value:
            fill(target.array_value.values.add(), item)
    else:
        target.map_value.SetInParent()
        fill_fields(target.map_value.fields, value)


def fill_fields(target: Any, data: Mapping[str, Any]) -> None:
    """Set a map of messages to canonical values."""
    for name, value in data.items():
        fill(target[name], value)


def plain(message: Any) -> Any:
    """The value of a message."""
    which = message.WhichOneof("value_type")
    if which == "map_value":
        return plain_fields(message.map_value.fields)
    if which == "array_value":
        # Most arrays are times in seconds; asking each value for its kind is half the work.
        return [item.integer_value or plain(item) for item in message.array_value.values]
    if which == "timestamp_value":
        stamp = message.timestamp_value
        return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1_000)
    return None if which in {None, "null_value"} else getattr(message, which)


def plain_fields(fields: Any) -> dict[str, Any]:
    """The values of a map of messages.

    Most maps are a week's bookings, whose values are pairs of seconds: an array that holds something is read
    without being asked for its kind. ``items`` of such a map is a generator in Python.
    """
    found = {}
    for name in fields:
        item = fields[name]
        values = item.array_value.values
        found[name] = [one.integer_value or plain(one) for one in values] if values else plain(item)
    return found


def version(stamp: Any) -> str:
    """A document's update time, exactly."""
    return f"{stamp.seconds}.{stamp.nanos:09}"


def snapshot(root: str, document: Any) -> Snapshot:
    """A document as read."""
    data = plain_fields(document.fields)
    return Snapshot(document.name.removeprefix(f"{root}/"), data, version(document.update_time))


def quoted(path: FieldPath) -> str:
    """A field path as the API reads it; segments may hold any characters."""
    return ".".join(
        part if _SIMPLE.fullmatch(part) else "`{}`".format(part.replace("\\", "\\\\").replace("`", "\\`"))
        for part in path
    )


def write_message(root: str, write: Write) -> Any:
    """A write for a commit."""
    message, name = _Write(), f"{root}/{write.path}"
    if isinstance(write, Delete):
        message.delete = name
    else:
        message.update.name = name
        if isinstance(write, Merge):
            _merge(message, write)
        else:
            fill_fields(message.update.fields, canonical_fields(write.data))
    expected = write.version if isinstance(write, Replace | Merge | Delete) else None
    if expected is not None:
        seconds, _, nanos = expected.partition(".")
        message.current_document.update_time.seconds = int(seconds)
        message.current_document.update_time.nanos = int(nanos)
    elif isinstance(write, Create) or (isinstance(write, Merge) and write.must_exist):
        message.current_document.exists = not isinstance(write, Create)
    return message


def _merge(message: Any, write: Merge) -> None:
    message.update_mask.SetInParent()
    for path, value in write.fields.items():
        if isinstance(value, Increment):
            transform = message.update_transforms.add()
            transform.field_path = quoted(path)
            fill(transform.increment, value.by)
            continue
        message.update_mask.field_paths.append(quoted(path))
        if value is not REMOVE:
            _place(message.update.fields, path, value)


def _place(target: Any, path: FieldPath, value: Any) -> None:
    *parents, last = path
    for name in parents:
        target = target[name].map_value.fields
    fill(target[last], canonical(value))


def written(write: Write, result: Any) -> Written:
    """The outcome of one write."""
    if isinstance(write, Delete):
        return Written(None)
    return Written(version(result.update_time), tuple(map(plain, result.transform_results)))


def query_message(root: str, query: Query) -> tuple[str, Any]:
    """The parent and the structured form of a query."""
    message = _StructuredQuery()
    parent, _, collection = query.collection.rpartition("/")
    selector = getattr(message, "from").add() if hasattr(message, "from") else message.from_.add()
    selector.collection_id, selector.all_descendants = collection, query.group
    where = message.where.composite_filter
    for name, operator, value in query.filters:
        one = where.filters.add().field_filter
        one.field.field_path = name
        one.op = _OPERATORS[operator]
        fill(one.value, canonical(value))
    if query.filters:
        where.op = _AND
    for name, descending in full_order(query):
        order = message.order_by.add()
        order.field.field_path = name
        order.direction = _DESCENDING if descending else _ASCENDING
    if query.after is not None:
        for (name, _), value in zip(full_order(query), query.after, strict=False):
            position = message.start_at.values.add()
            if name == NAME:
                position.reference_value = f"{root}/{value}"
            else:
                fill(position, canonical(value))
    if query.limit is not None:
        message.limit.value = query.limit
    return (f"{root}/{parent}" if parent else root), message
