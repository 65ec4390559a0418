"""Answers the methods on open extensions: named sets of values that an app attaches to an event.

https://learn.microsoft.com/graph/api/opentypeextension-post-opentypeextension
"""

from dataclasses import replace

from local.microsoft.api.context import Context
from local.microsoft.errors import GraphError, Json
from local.microsoft.events import validation
from local.microsoft.events.event_resource import EXTENSION_PREFIX, render_extension
from local.microsoft.model import Item


def list_extensions(context: Context) -> Json:
    """Answer all extensions of an event."""
    return {"value": [render_extension(each) for each in context.target().item.extensions.values()]}


def create_extension(context: Context) -> Json:
    """Answer the creation of an extension, which counts as a change of the event."""
    item = _item(context)
    made = validation.open_extensions({"extensions": [context.body]})
    name = next(iter(made))
    if name in item.extensions:
        raise GraphError(409, "ErrorItemAlreadyExists", "An extension with the same name already exists.")
    context.state.store(replace(item, extensions={**item.extensions, **made}))
    context.status = 201
    return render_extension(made[name])


def get_extension(context: Context) -> Json:
    """Answer one extension."""
    return render_extension(_held(context)[1])


def update_extension(context: Context) -> Json:
    """Answer a change of an extension; values that are not sent stay."""
    item, held = _held(context)
    made = held | {name: value for name, value in context.body.items() if not name.startswith("@odata")}
    context.state.store(replace(item, extensions={**item.extensions, made["extensionName"]: made}))
    return render_extension(made)


def delete_extension(context: Context) -> None:
    """Answer the deletion of an extension."""
    item, held = _held(context)
    left = {name: value for name, value in item.extensions.items() if name != held["extensionName"]}
    context.state.store(replace(item, extensions=left))
    context.status = 204


def _item(context: Context) -> Item:
    found = context.target(write=True)
    if found.day and not found.item.series:
        # Not documented; the stricter reading.
        raise GraphError(400, "ErrorInvalidRequest", "An occurrence that is no exception holds no extension.")
    return found.item


def _held(context: Context) -> tuple[Item, Json]:
    item = context.target().item
    name = context.path_target.other.removeprefix(EXTENSION_PREFIX)
    if name not in item.extensions:
        raise GraphError(404, "ErrorItemNotFound", "The extension was not found.")
    return item, item.extensions[name]
