"""The administration that both simulators have: settings, and the logs of calls and mails."""

from dataclasses import asdict
from datetime import timedelta
from threading import RLock
from typing import Any, Protocol, get_args, get_type_hints


class LoggedState(Protocol):
    """A simulator's state that has settings and keeps logs of calls and mails."""

    @property
    def lock(self) -> RLock:
        """Must be held while the state is read or changed."""

    settings: Any
    mails: list[Any]
    calls: list[Any]


class SimulatorAdmin:
    """Changes settings and reads the logs; every method takes the state's lock."""

    def __init__(self, state: LoggedState) -> None:
        self._logged_state = state

    def set_setting(self, name: str, value: Any) -> None:
        """Change one setting; durations are given in seconds."""
        with self._logged_state.lock:
            change_setting(self._logged_state.settings, name, value)

    def mails(self) -> list[dict[str, Any]]:
        """Return every mail that the provider would have sent."""
        with self._logged_state.lock:
            return [asdict(mail) for mail in self._logged_state.mails]

    def calls(self) -> list[dict[str, Any]]:
        """Return every request so far: method, account, calendar, status and reason."""
        with self._logged_state.lock:
            return [asdict(call) for call in self._logged_state.calls]

    def clear_logs(self) -> None:
        """Empty the logs of calls and mails."""
        with self._logged_state.lock:
            self._logged_state.calls.clear()
            self._logged_state.mails.clear()


def change_setting(settings: object, name: str, value: Any) -> None:
    """Set a field of a settings dataclass; durations are given in seconds, and None stays None."""
    kind = get_type_hints(type(settings))[name]
    timed = timedelta in {kind, *get_args(kind)}
    setattr(settings, name, timedelta(seconds=value) if timed and value is not None else value)
