"""Changes which events a webhook target is told of, or switches it off and on again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.hooks import Hook, HookEvent
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class ChangeHook:
    """Which target; None leaves a part as it is."""

    tenant: str
    hook: str
    events: tuple[HookEvent, ...] | None = None
    enabled: bool | None = None


def change_hook(ports: Ports, command: ChangeHook) -> Hook:
    """The target as it is then; one that is switched on again starts with a clean record.

    Raises:
        UnknownResource: There is no such target.
        InvalidRequest: Its address may not be called any more.
        Conflict: Somebody else changed it at the same moment.
    """
    found = changed = ports.hooks.get(command.tenant, command.hook)
    if command.events is not None:
        changed = replace(changed, events=tuple(dict.fromkeys(command.events)))
    if command.enabled is True and not found.enabled:
        ports.courier.check(found.url)
        changed = replace(changed, disabled_at=None, failing_since=None)
    if command.enabled is False and found.enabled:
        changed = replace(changed, disabled_at=ports.clock.now())
    return found if changed == found else ports.hooks.save(changed)
