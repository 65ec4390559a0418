"""Changes one setting of a simulator by its name, as JSON can give it."""

from datetime import timedelta
from typing import Any, get_args, get_type_hints


def change_setting(settings: object, name: str, value: Any) -> None:
    """Set a field of a settings dataclass; durations are given in seconds, and None stays None."""
    kind = get_type_hints(type(settings))[name]
    timed = timedelta in {kind, *get_args(kind)}
    setattr(settings, name, timedelta(seconds=value) if timed and value is not None else value)
